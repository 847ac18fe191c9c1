// Runs the command line as a user does: a process of its own, its words and its exit code.
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../src/main.ts");

export interface Run {
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

/** `input` is what is piped in; without it the standard input is closed. */
export async function verbatim(
	args: readonly string[],
	options: { env?: Record<string, string>; input?: string; command?: string[] } = {},
): Promise<Run> {
	const child = Bun.spawn([...(options.command ?? [process.execPath, MAIN]), ...args], {
		stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
		stdout: "pipe",
		stderr: "pipe",
		env: {
			PATH: process.env.PATH ?? "",
			HOME: process.env.HOME ?? "",
			XDG_STATE_HOME: process.env.XDG_STATE_HOME ?? "",
			...options.env,
		},
	});
	const [out, err, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { code, out, err };
}
