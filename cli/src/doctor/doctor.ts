// `verbatim doctor`: checks the environment of a server for common causes of failure, and suggests remedies. Changes nothing, except with
// --restored.
import { openRestored } from "@verbatim/server";
import { mustHaveOptionsOnly } from "../args.ts";
import type { CliCommand } from "../command.ts";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import { openError } from "../open-error.ts";
import { printLine } from "../output.ts";
import { configFrom, SETTING_OPTIONS } from "../settings.ts";
import { checkData } from "./data.ts";
import type { Finding } from "./finding.ts";
import { checkAdminToken, checkFiles, checkListeners, checkMemory, checkProgram } from "./machine.ts";
import { checkPostgres } from "./postgres.ts";

type Config = Awaited<ReturnType<typeof configFrom>>["config"];

export const doctor: CliCommand = {
	name: "doctor",
	summary: "Checks data folder, disk, database, ports, certificates, limits and clock.",
	usage: "verbatim doctor [--json] [SETTINGS]\n       verbatim doctor --restored [SETTINGS]",
	about: [
		"It may run beside a server and changes nothing. Exit code 0: fine, or warnings only; 1: something is wrong.",
		"",
		"--restored is to be run once after a backup was put in place by hand, before the server starts: it checks the database, and tells",
		"every client that the rooms' logs are older than they were, so that none takes new messages for ones it has seen. `verbatim restore`",
		"puts a backup in place and does this, too.",
	].join("\n"),
	options: [
		{ name: "restored", about: "Give every room's log a new epoch, after a restore. The server must be stopped." },
		{ name: "json", about: "Print the findings as JSON: [{about, grade, words, remedy}]." },
		...SETTING_OPTIONS,
	],
	examples: ["verbatim doctor", "verbatim doctor --data /var/lib/verbatim", "verbatim doctor --restored"],
	async run(args) {
		mustHaveOptionsOnly(args, "doctor");
		const { config, origins } = await configFrom(args);
		if (args.options.get("restored") === "true") return renewEpochs(config);
		const findings = [
			...checkProgram(),
			...checkData(config),
			...(await checkPostgres(config)),
			...(await checkListeners(config)),
			...(await checkAdminToken(config)),
			...checkFiles(config, origins.get("limits.connections") !== "default"),
			...checkMemory(config),
		];
		printLine(args.options.get("json") === "true" ? JSON.stringify(findings) : findings.map(line).join("\n"));
		return findings.some(({ grade }) => grade === "bad") ? EXIT.cutShort : EXIT.ok;
	},
};

async function renewEpochs(config: Config): Promise<ExitCode> {
	if (config.store === "memory") throw new CommandError(EXIT.usage, "a store in memory has no backups");
	const data = await openRestored(config).catch((error: unknown) => {
		throw openError(error);
	});
	try {
		await data.renewEpochs();
	} finally {
		await data.close();
	}
	printLine("Every room's log has a new epoch. Start the server; clients will show what is there now.");
	return EXIT.ok;
}

const SIGNS = { ok: "ok  ", note: "note", warn: "WARN", bad: "BAD " } as const;

function line({ about, grade, words, remedy }: Finding): string {
	const first = `${SIGNS[grade]}  ${about.padEnd(11)}  ${words}`;
	return remedy === undefined ? first : `${first}\n${" ".repeat(19)}-> ${remedy}`;
}
