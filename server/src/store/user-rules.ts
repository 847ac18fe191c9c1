// The rules of users: whose a name is. A guest holds its name while a session of it lives and a while longer; then whoever wants
// the name takes it. The guest that has lost its name stays as the author of what it said, under a name that nobody can have
// (it contains a space and parentheses), leaves its channels, and can never come back: it is disabled and its tokens are void.
// It stays in direct conversations, which cannot be left: the other one keeps them.
import { type ErrorCode, Room_Standing } from "@verbatim/protocol";
import { expiryEntry } from "./entries.ts";
import type { Ruling } from "./rules.ts";
import type { Draft, UserRecord, UserRef } from "./store.ts";
import type { Tables } from "./tables.ts";
import { write } from "./write.ts";

/** A guest that has lost its name, and the entries by which it left its channels. */
export interface Parting {
	/** Under the name it had. */
	readonly guest: UserRef;
	readonly atMs: number;
	readonly rooms: readonly { readonly room: string; readonly epoch: number; readonly seq: number }[];
}

export function createUser(tables: Tables, draft: Extract<Draft, { kind: "userCreate" }>, seqMax: number): Ruling {
	const { user, nowMs } = draft;
	// Ids are unique: a user of this id is this draft, carried out before.
	if (tables.user(user.id)) return { ok: true };
	const before = user.external === undefined ? undefined : tables.userByExternal(user.external);
	if (before !== undefined && !isOver(before, nowMs)) return { ok: false, code: "name_taken" };
	const taken = takeName(tables, user.id, user.skeleton, nowMs, seqMax);
	if (!taken.ok) return taken;
	if (before !== undefined) dropExternal(tables, before.id);
	tables.putUser(user);
	return taken;
}

export function changeUser(tables: Tables, draft: Extract<Draft, { kind: "userChange" }>, seqMax: number): Ruling {
	const { id, nowMs, change } = draft;
	const user = tables.user(id);
	if (!user || isGone(user)) return { ok: false, code: "no_such_user" };
	if (change.ifPasswordHash !== undefined && change.ifPasswordHash !== user.passwordHash) return { ok: true };
	const { expiresMs, ...rest } = user;
	const ends = change.expiresMs === undefined ? expiresMs : (change.expiresMs ?? undefined);
	const passwordHash = change.passwordHash ?? user.passwordHash;
	const changed: UserRecord = {
		...rest,
		name: change.name ?? user.name,
		skeleton: change.skeleton ?? user.skeleton,
		generation: user.generation + (change.voidsTokens === true ? 1 : 0),
		disabled: change.disabled ?? user.disabled,
		...(passwordHash === undefined ? {} : { passwordHash }),
		...(ends === undefined ? {} : { expiresMs: ends }),
	};
	const taken = takeName(tables, id, changed.skeleton, nowMs, seqMax);
	if (!taken.ok) return taken;
	tables.putUser(changed);
	return taken;
}

const GONE = "gone|";

function isGone(user: UserRecord): boolean {
	return user.skeleton.startsWith(GONE);
}

/** What `expiresMs` says of a guest that has left for good, in distinction from one that an operator has locked out. */
export const ENDED_MS = 0;

/** A guest that has left for good: it is `disabled`, and nobody has locked it out. */
export function isEnded(user: Pick<UserRecord, "kind" | "disabled" | "skeleton" | "expiresMs">): boolean {
	return user.kind === "guest" && user.disabled && (user.skeleton.startsWith(GONE) || user.expiresMs === ENDED_MS);
}

/** A guest whose time has run out. */
function isOver({ kind, expiresMs }: UserRecord, nowMs: number): boolean {
	return kind === "guest" && expiresMs !== undefined && expiresMs <= nowMs;
}

/** What was over and had another name meanwhile: its key is free as well. */
function dropExternal(tables: Tables, id: string): void {
	const user = tables.user(id);
	if (user?.external === undefined) return;
	const { external: _, ...rest } = user;
	tables.putUser(rest);
}

/** Sees to it that `skeleton` is free for `id`, or says why it is not. */
function takeName(
	tables: Tables,
	id: string,
	skeleton: string,
	nowMs: number,
	seqMax: number,
): Extract<Ruling, { ok: true }> | { readonly ok: false; readonly code: ErrorCode } {
	const holder = tables.userBySkeleton(skeleton);
	if (!holder || holder.id === id) return { ok: true };
	if (!isOver(holder, nowMs)) return { ok: false, code: "name_taken" };
	return { ok: true, parting: part(tables, holder, nowMs, seqMax) };
}

function part(tables: Tables, guest: UserRecord, atMs: number, seqMax: number): Parting {
	const rooms: { room: string; epoch: number; seq: number }[] = [];
	for (const room of tables.channelsOf(guest.id)) {
		if (tables.standing(room, guest.id) === Room_Standing.INVITED) {
			tables.removeMember(room, guest.id);
			continue;
		}
		// A log that is full stays as it is; so does who is in it.
		if (room.head >= seqMax) continue;
		const seq = room.head + 1;
		write(tables, room, expiryEntry(guest, atMs, seq));
		rooms.push({ room: room.id, epoch: room.epoch, seq });
	}
	const { expiresMs: _, external: __, ...rest } = guest;
	tables.putUser({
		...rest,
		name: `${guest.name} (gone)`,
		skeleton: GONE + guest.id,
		generation: guest.generation + 1,
		disabled: true,
	});
	return { guest: { id: guest.id, name: guest.name }, atMs, rooms };
}
