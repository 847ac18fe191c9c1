// `verbatim restore`: puts a backup in place of the database.
import { restoreBackup } from "@verbatim/server";
import { mustHaveOptionsOnly } from "./args.ts";
import type { CliCommand } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { openError } from "./open-error.ts";
import { printLine } from "./output.ts";
import { configFrom, SETTING_OPTIONS } from "./settings.ts";

export const restore: CliCommand = {
	name: "restore",
	summary: "Puts a backup in place of the database. The server must be stopped.",
	usage: "verbatim restore --from FILE [--data DIR]",
	about: [
		'FILE is what `sqlite3 data/verbatim.db ".backup FILE"` has made, or the verbatim.db of a copied data folder.',
		"It is checked first. What is in its place is moved aside, into a folder beside it, with the log that must not be replayed over the backup.",
		"Every room's log has a new epoch then: no client takes new messages for ones it has seen.",
	].join("\n"),
	options: [{ name: "from", takes: "FILE", about: "The backup." }, ...SETTING_OPTIONS],
	examples: ["verbatim restore --from /backup/verbatim.db", "verbatim restore --from copy.db --data /var/lib/verbatim"],
	async run(args) {
		const from = args.options.get("from");
		mustHaveOptionsOnly(args, "restore");
		if (from === undefined) throw new CommandError(EXIT.usage, "verbatim restore --from FILE: the backup");
		const { config } = await configFrom(args);
		if (config.store === "memory") throw new CommandError(EXIT.usage, "a store in memory has no backups");
		if (config.store === "postgres") {
			throw new CommandError(
				EXIT.usage,
				"a PostgreSQL has backups of its own (pg_basebackup, pg_dump); after one was put in place, once: verbatim doctor --restored",
			);
		}
		const { movedTo, rooms } = await restoreBackup(from, config.data).catch((error: unknown) => {
			throw openError(error);
		});
		printLine(`${from} is in place, sound, with ${rooms} rooms; every room's log has a new epoch.`);
		if (movedTo !== undefined) printLine(`What was there is in ${movedTo}; delete it when it is of no more use.`);
		printLine("Bring again what was done to users since the backup (disable, end, passwd): it is undone. Then start the server.");
		return EXIT.ok;
	},
};
