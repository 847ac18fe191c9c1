// The stored identities of one server, one file per name, and the last one used with its room, for the next start. Files are credentials,
// readable by their owner only.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredIdentity, TokenStore } from "@verbatim/client";
import { fileTokens } from "@verbatim/client/node";
import { fileNameOf } from "./state-folder.ts";

export type IdentityKind = "guest" | "account";

/** The last identity used on this server. */
export interface Last {
	readonly name: string;
	readonly kind: IdentityKind;
	/** Title of the shown room, or empty. */
	readonly room: string;
}

/** The token store of the current name; switches to another name when its identity is saved. */
export interface Identities extends TokenStore {
	/** The last identity; undefined on the first start. */
	readonly last: Last | undefined;
	/** Sets the kind of the identity that is saved next. */
	setKind(kind: IdentityKind): void;
	/** Stores the title of the shown room. */
	setRoom(room: string): void;
	/** Resolves when all writes have completed. */
	flush(): Promise<void>;
}

/** Opens `folder`. Rejects if it cannot be created or read. `name`: of the identity; default: the last one. */
export async function openIdentities(folder: string, name: string | undefined): Promise<Identities> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const lastPath = join(folder, "last.json");
	const found = parseLast(await readFile(lastPath, "utf8").catch(() => ""));
	const last = name === undefined || (found && folded(found.name) === folded(name)) ? found : undefined;
	const tokensOf = (owner: string) => fileTokens(join(folder, `${fileNameOf(folded(owner))}.identity.json`));
	let user = name ?? last?.name;
	let kind: IdentityKind = last?.kind ?? "guest";
	let room = last?.room ?? "";
	let writing: Promise<void> = Promise.resolve();

	const keepLast = (): void => {
		const text = user === undefined ? "" : JSON.stringify({ name: user, kind, room } satisfies Last);
		// If the write fails, the next start prompts for the name: nothing else is lost.
		writing = writing.then(() => replace(lastPath, text)).catch(() => undefined);
	};

	return {
		last,
		setKind(next) {
			kind = next;
		},
		setRoom(title) {
			if (title === room) return;
			room = title;
			if (user !== undefined) keepLast();
		},
		flush: () => writing,
		lock: async (signal) => (user === undefined ? async () => {} : tokensOf(user).lock(signal)),
		load: () => (user === undefined ? Promise.resolve(undefined) : tokensOf(user).load()),
		async save(identity: StoredIdentity | undefined) {
			const before = user;
			user = identity?.user.name;
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
		// Empty, torn or foreign content counts as absent.
		return undefined;
	}
}

async function replace(path: string, text: string): Promise<void> {
	const beside = `${path}.${process.pid}.new`;
	await writeFile(beside, text, { mode: 0o600 });
	await rename(beside, path);
}
