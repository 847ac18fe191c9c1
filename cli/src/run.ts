// The `verbatim` command: dispatches to a command or its help, suggests the nearest name, and maps errors to messages and exit codes.
// Commands are imported on demand, for a fast start.
import { describeOptions, HELP_OPTION, nearestOf, parseArguments } from "./args.ts";
import type { CliCommand, CliCommandEntry } from "./command.ts";
import { CommandError, EXIT, type ExitCode } from "./exit.ts";
import { finishOutput, printLine, watchOutput } from "./output.ts";
import { VERSION } from "./version.ts";

const COMMANDS: readonly CliCommandEntry[] = [
	entry("serve", "Run the server.", async () => (await import("./serve/serve.ts")).serve),
	entry("chat", "Chat in the terminal.", async () => (await import("./chat.ts")).chat),
	entry("send", "Say something in a room, and wait until it is durable.", async () => (await import("./talk/send.ts")).send),
	entry("tail", "Print a room as it goes on, without a gap.", async () => (await import("./talk/tail.ts")).tail),
	entry("config", "Show the configuration in force, or an example.", async () => (await import("./config.ts")).config),
	entry("doctor", "Look for trouble before it finds you.", async () => (await import("./doctor/doctor.ts")).doctor),
	entry("restore", "Put a backup in place.", async () => (await import("./restore.ts")).restore),
	entry(
		"user",
		"Add, list, disable or enable users, sign them out, set passwords.",
		async () => (await import("./user.ts")).user,
	),
];

/** Runs the command line; resolves with the exit code. Never rejects. */
export async function run(args: readonly string[]): Promise<ExitCode> {
	try {
		watchOutput();
		return await finishOutput(await dispatch(args));
	} catch (error) {
		if (error instanceof CommandError) {
			console.error(error.message);
			return error.exitCode;
		}
		console.error("verbatim: something went wrong that should not; please report it with these lines:");
		console.error(error);
		return EXIT.bug;
	}
}

async function dispatch([first, ...rest]: readonly string[]): Promise<ExitCode> {
	if (first === undefined || first === "help" || first === "--help" || first === "-h") {
		const found = COMMANDS.find(({ name }) => name === rest[0]);
		printLine(found ? helpOf(await found.load()) : overview());
		return first === undefined ? EXIT.usage : EXIT.ok;
	}
	if (first === "--version" || first === "-v" || first === "version") {
		printLine(`verbatim ${VERSION}`);
		return EXIT.ok;
	}
	const found = COMMANDS.find(({ name }) => name === first);
	if (!found) {
		const meant = await nearestOf(
			first,
			COMMANDS.map(({ name }) => name),
		);
		const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
		throw new CommandError(EXIT.usage, `verbatim: there is no command ${JSON.stringify(first)}${hint}\n\n${overview()}`);
	}
	const command = await found.load();
	const parsed = await parseArguments(rest, [...command.options, HELP_OPTION], command.name);
	if (parsed.options.get("help") === "true") {
		printLine(helpOf(command));
		return EXIT.ok;
	}
	return command.run(parsed);
}

function overview(): string {
	const width = Math.max(...COMMANDS.map(({ name }) => name.length));
	return [
		"Verbatim, a chat server that keeps its word.",
		"",
		"Usage: verbatim COMMAND [OPTIONS]",
		"",
		...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
		"",
		"verbatim COMMAND --help says more about each.",
	].join("\n");
}

function helpOf({ usage, summary, about, options, examples }: CliCommand): string {
	return [
		`Usage: ${usage}`,
		"",
		summary,
		...(about === undefined ? [] : ["", about]),
		"",
		"Options:",
		describeOptions([...options, HELP_OPTION]),
		"",
		"Examples:",
		...examples.map((example) => `  ${example}`),
	].join("\n");
}

function entry(name: string, summary: string, load: () => Promise<CliCommand>): CliCommandEntry {
	return { name, summary, load };
}
