// `verbatim user`: an operator's hand on the accounts of a server that does not run. The folder's lock tells if it does.
import { Refusal } from "@verbatim/protocol";
import { type OpenData, openData } from "@verbatim/server";
import type { Command } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { openTrouble } from "./open-trouble.ts";
import { askSecret } from "./secret.ts";
import { configFrom, SETTING_OPTIONS } from "./settings.ts";

type Users = OpenData["users"];
type UserRecord = Awaited<ReturnType<Users["add"]>>;

const ACTIONS = ["add", "list", "disable", "enable", "password"] as const;
const PAGE = 500;

export const user: Command = {
	name: "user",
	summary: "Works on the users in a data folder. The server must be stopped.",
	usage: "verbatim user add|disable|enable|password NAME [OPTIONS]\n       verbatim user list [--json] [OPTIONS]",
	about: [
		"add       registers NAME, also where registration is switched off",
		"password  sets another password; tokens given out before are void",
		"disable   lets NAME in no more; enable undoes it",
		"",
		"The password is VERBATIM_PASSWORD, or asked for, or the first line of a pipe.",
	].join("\n"),
	options: [{ name: "json", about: "For list: one JSON object a line." }, ...SETTING_OPTIONS],
	examples: [
		"verbatim user add ann",
		"verbatim user list --data /var/lib/verbatim",
		"pwgen -s 20 1 | verbatim user password ann",
	],
	async run(args) {
		const [action, name, ...more] = args.rest;
		const known = ACTIONS.find((each) => each === action);
		if (known === undefined || more.length > 0 || (known === "list") !== (name === undefined)) {
			throw new CommandError(EXIT.usage, `verbatim user ${ACTIONS.join("|")} NAME: one of these, and one name (none for list)`);
		}
		const { config } = await configFrom(args);
		// Asked for before the folder is taken: a server should be able to start while somebody thinks.
		const password = known === "add" || known === "password" ? await newPassword(name ?? "") : "";
		const data = await openData(config).catch((error: unknown) => {
			throw openTrouble(error);
		});
		try {
			if (known === "list") await list(data.users, args.options.get("json") === "true");
			else console.log(await act(data.users, known, name ?? "", password));
			return EXIT.ok;
		} catch (error) {
			throw error instanceof Refusal ? new CommandError(EXIT.refused, `${error.code}: ${error.message}`, error) : error;
		} finally {
			await data.close();
		}
	},
};

async function act(
	users: Users,
	action: Exclude<(typeof ACTIONS)[number], "list">,
	name: string,
	password: string,
): Promise<string> {
	switch (action) {
		case "add": {
			const made = await users.add(name, password);
			return `${made.name} is registered (${made.id})`;
		}
		case "password": {
			const changed = await users.setPassword(name, password);
			return `${changed.name} has another password; older tokens are void`;
		}
		case "disable":
			return `${(await users.disable(name)).name} may not come in any more`;
		case "enable":
			return `${(await users.enable(name)).name} may come in again`;
	}
}

async function list(users: Users, json: boolean): Promise<void> {
	let after = "";
	for (;;) {
		const page = await users.list(after, PAGE);
		for (const each of page) console.log(json ? asJson(each) : asWords(each));
		const last = page.at(-1);
		if (last === undefined) return;
		after = last.id;
	}
}

function asWords({ id, name, kind, createdMs, disabled }: UserRecord): string {
	const since = new Date(createdMs).toISOString().slice(0, 10);
	return `${name.padEnd(24)}  ${kind.padEnd(10)}  ${since}  ${id}${disabled ? "  disabled" : ""}`;
}

function asJson({ id, name, kind, createdMs, disabled, external }: UserRecord): string {
	return JSON.stringify({ id, name, kind, createdMs, disabled, external });
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
