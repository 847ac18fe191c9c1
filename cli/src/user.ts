// `verbatim user`: administration of accounts. Uses the admin socket of the server that runs on the data folder; if none runs, opens the
// folder itself, under its lock.
import { Refusal } from "@verbatim/protocol";
import { type AdminUser, connectAdmin, openData, type UserAdmin } from "@verbatim/server";
import type { CliCommand } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { openError } from "./open-error.ts";
import { printLine } from "./output.ts";
import { askSecret } from "./secret.ts";
import { configFrom, SETTING_OPTIONS } from "./settings.ts";

const ACTIONS = ["add", "list", "disable", "enable", "end", "passwd"] as const;
type Action = (typeof ACTIONS)[number];
const ALIASES: Readonly<Record<string, Action>> = { password: "passwd" };
const PAGE = 500;

export const user: CliCommand = {
	name: "user",
	summary: "Works on the users of the server on this data folder, whether it runs or not.",
	usage: "verbatim user add|disable|enable|end|passwd NAME [OPTIONS]\n       verbatim user list [--json] [OPTIONS]",
	about: [
		"add      registers NAME, also where registration is switched off",
		"disable  lets NAME in no more, and ends its sessions at once; enable undoes it",
		"end      signs NAME out everywhere: its sessions end at once, tokens given out before are void; it may log in again",
		"passwd   sets another password, and signs NAME out everywhere",
		"",
		"NAME may be a name or a user's id. A server that runs is found by its data folder (--data), for the user that it runs as, and root.",
		"The password is VERBATIM_PASSWORD, or asked for, or the first line of a pipe.",
	].join("\n"),
	options: [{ name: "json", about: "For list: one JSON object a line." }, ...SETTING_OPTIONS],
	examples: ["verbatim user add ann", "verbatim user list --data /var/lib/verbatim", "pwgen -s 20 1 | verbatim user passwd ann"],
	async run(args) {
		const [action = "", name, ...more] = args.rest;
		const known = ALIASES[action] ?? ACTIONS.find((each) => each === action);
		if (known === undefined || more.length > 0 || (known === "list") !== (name === undefined)) {
			throw new CommandError(EXIT.usage, `verbatim user ${ACTIONS.join("|")} NAME: one of these, and one name (none for list)`);
		}
		const { config } = await configFrom(args);
		// Prompts before it locks the folder, so that a server can start meanwhile.
		const password = known === "add" || known === "passwd" ? await newPassword(name ?? "") : "";
		const { users, close } = await openUsers(config);
		try {
			if (known === "list") await list(users, args.options.get("json") === "true");
			else printLine(await act(users, known, name ?? "", password));
			return EXIT.ok;
		} catch (error) {
			throw error instanceof Refusal ? new CommandError(EXIT.refused, `${error.code}: ${error.message}`, error) : error;
		} finally {
			await close();
		}
	},
};

type Config = Parameters<typeof openData>[0];

/** The accounts of the running server, or of the data folder. Rejects with `CommandError`. */
async function openUsers(config: Config): Promise<{ readonly users: UserAdmin; close(): Promise<void> }> {
	const running = await connectAdmin(config.data);
	if (running) return { users: running, close: async () => {} };
	if (config.store === "postgres") {
		throw new CommandError(
			EXIT.unreachable,
			"no server runs here on this data folder (--data), and users in a PostgreSQL are worked on through a server that runs: " +
				"by its data folder, or by the administrators' API on its operations port (adminTokenFile)",
		);
	}
	return openData(config).catch((error: unknown) => {
		throw openError(error);
	});
}

async function act(users: UserAdmin, action: Exclude<Action, "list">, name: string, password: string): Promise<string> {
	switch (action) {
		case "add": {
			const made = await users.add(name, password);
			return `${made.name} is registered (${made.id})`;
		}
		case "passwd":
			return `${(await users.setPassword(name, password)).name} has another password, and is signed out everywhere`;
		case "end":
			return `${(await users.end(name)).name} is signed out everywhere`;
		case "disable":
			return `${(await users.disable(name)).name} may not come in any more, and is signed out everywhere`;
		case "enable":
			return `${(await users.enable(name)).name} may come in again`;
	}
}

async function list(users: UserAdmin, json: boolean): Promise<void> {
	let after = "";
	for (;;) {
		const page = await users.list(after, PAGE);
		for (const each of page) printLine(json ? asJson(each) : asWords(each));
		const last = page.at(-1);
		if (last === undefined) return;
		after = last.id;
	}
}

function asWords({ id, name, kind, createdMs, disabled, ended }: AdminUser): string {
	const since = new Date(createdMs).toISOString().slice(0, 10);
	return `${name.padEnd(24)}  ${kind.padEnd(10)}  ${since}  ${id}${disabled ? "  disabled" : ended ? "  ended" : ""}`;
}

function asJson({ id, name, kind, createdMs, disabled, ended, external }: AdminUser): string {
	return JSON.stringify({ id, name, kind, createdMs, disabled, ended, external });
}

async function newPassword(name: string): Promise<string> {
	const given = process.env.VERBATIM_PASSWORD;
	if (given) return given;
	if (!process.stdin.isTTY) {
		const [first = ""] = (await Bun.stdin.text()).split("\n");
		return first.replace(/\r$/, "");
	}
	const password = await askSecret(`New password of ${name}: `);
	if ((await askSecret("The same again: ")) !== password)
		throw new CommandError(EXIT.usage, "these were two different passwords; nothing was changed");
	return password;
}
