// Who one has been on a server, each under a file of its own, and who and where one was last: so that the next start takes up
// there. Every file is readable by its owner only; whoever has one is that user.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredIdentity, TokenStore } from "@verbatim/client";
import { fileTokens } from "@verbatim/client/node";
import { fileNameOf } from "./folder.ts";

export type IdentityKind = "guest" | "account";

/** Who one was last on this server. */
export interface Last {
	readonly name: string;
	readonly kind: IdentityKind;
	/** Title of the room that was shown, or empty. */
	readonly room: string;
}

/** The tokens of one name; of another one, once somebody else is welcomed. */
export interface Identities extends TokenStore {
	/** Who one was last; undefined on the first start. */
	readonly last: Last | undefined;
	/** What the next one to be welcomed is. */
	becoming(kind: IdentityKind): void;
	/** Keeps the title of the room that is shown. */
	showing(room: string): void;
	/** Resolves when everything is written. */
	flush(): Promise<void>;
}

/** Opens what `folder` knows. Rejects if it cannot be made or read. `name`: whose tokens; default: who one was last. */
export async function openIdentities(folder: string, name: string | undefined): Promise<Identities> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const lastPath = join(folder, "last.json");
	const found = parseLast(await readFile(lastPath, "utf8").catch(() => ""));
	const last = name === undefined || (found && folded(found.name) === folded(name)) ? found : undefined;
	const tokensOf = (who: string) => fileTokens(join(folder, `${fileNameOf(folded(who))}.identity.json`));
	let who = name ?? last?.name;
	let kind: IdentityKind = last?.kind ?? "guest";
	let room = last?.room ?? "";
	let writing: Promise<void> = Promise.resolve();

	const keepLast = (): void => {
		const text = who === undefined ? "" : JSON.stringify({ name: who, kind, room } satisfies Last);
		// Where it cannot be written, the next start asks for the name: no more is lost.
		writing = writing.then(() => replace(lastPath, text)).catch(() => undefined);
	};

	return {
		last,
		becoming(next) {
			kind = next;
		},
		showing(title) {
			if (title === room) return;
			room = title;
			if (who !== undefined) keepLast();
		},
		flush: () => writing,
		lock: async (signal) => (who === undefined ? async () => {} : tokensOf(who).lock(signal)),
		load: () => (who === undefined ? Promise.resolve(undefined) : tokensOf(who).load()),
		async save(identity: StoredIdentity | undefined) {
			const before = who;
			who = identity?.user.name;
			keepLast();
			if (identity) await tokensOf(identity.user.name).save(identity);
			else if (before !== undefined) await tokensOf(before).save(undefined);
		},
	};
}

function folded(name: string): string {
	return name.trim().normalize("NFKC").toLowerCase();
}

function parseLast(text: string): Last | undefined {
	try {
		const { name, kind, room } = JSON.parse(text) as Partial<Record<keyof Last, unknown>>;
		if (typeof name !== "string" || name === "") return undefined;
		return { name, kind: kind === "account" ? "account" : "guest", room: typeof room === "string" ? room : "" };
	} catch {
		// Empty, torn, or of another program: the same as not there.
		return undefined;
	}
}

async function replace(path: string, text: string): Promise<void> {
	const beside = `${path}.${process.pid}.new`;
	await writeFile(beside, text, { mode: 0o600 });
	await rename(beside, path);
}
