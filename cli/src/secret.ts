// Prompts for a secret on the terminal, without echo.
import { CommandError, EXIT } from "./exit.ts";

/** Rejects with `CommandError` if stdin is not a terminal, or on Ctrl+C. */
export async function askSecret(question: string): Promise<string> {
	const { stdin, stderr } = process;
	if (!stdin.isTTY) throw new CommandError(EXIT.usage, "there is no terminal to ask for a password on; set VERBATIM_PASSWORD");
	stderr.write(question);
	stdin.setRawMode(true);
	stdin.resume();
	try {
		return await typed(stdin);
	} finally {
		stdin.setRawMode(false);
		stdin.pause();
		stderr.write("\n");
	}
}

function typed(stdin: NodeJS.ReadStream): Promise<string> {
	return new Promise((resolve, reject) => {
		let secret = "";
		const read = (chunk: Buffer | string): void => {
			for (const key of chunk.toString()) {
				if (key === "\r" || key === "\n" || key === "\u0004") {
					stdin.off("data", read);
					return resolve(secret);
				}
				if (key === "\u0003") {
					stdin.off("data", read);
					return reject(new CommandError(EXIT.cutShort, "left without an answer"));
				}
				secret = key === "\u007f" || key === "\b" ? secret.slice(0, -1) : secret + key;
			}
		};
		stdin.on("data", read);
	});
}
