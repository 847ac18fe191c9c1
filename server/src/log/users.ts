// The rules of users: whose a name is. A guest holds its name while a session of it lives and a while longer; then whoever wants
// the name takes it. The guest that has lost its name stays as the author of what it said, under a name that nobody can have
// (it contains a space and parentheses), leaves its channels, and can never come back: it is disabled and its tokens are void.
// It stays in direct conversations, which cannot be left: the other one keeps them.
import { Room_Standing } from "@verbatim/protocol";
import type { Ruling } from "./decide.ts";
import type { DraftOf } from "./draft.ts";
import { expiryEntry } from "./entries.ts";
import { appendTo } from "./fold.ts";
import type { UserRecord, UserRef } from "./records.ts";
import type { Deciding } from "./rooms.ts";

/** A guest that has lost its name, and the entries by which it left its channels. */
export interface Eviction {
	/** Under the name it had. */
	readonly guest: UserRef;
	readonly atMs: number;
	readonly rooms: readonly { readonly room: string; readonly epoch: number; readonly seq: number }[];
}

export function createUser(at: Deciding, draft: DraftOf<"userCreate">): Ruling {
	const { view, changes } = at;
	const { user, nowMs } = draft;
	// Ids are unique: a user of this id is this draft, carried out before.
	if (view.user(user.id)) return { ok: true };
	const before = user.external === undefined ? undefined : view.userWithExternal(user.external);
	if (before !== undefined && !isOver(before, nowMs)) return { ok: false, code: "name_taken" };
	const holder = view.userWithSkeleton(user.skeleton);
	const taken = takeName(at, holder, nowMs);
	if (!taken.ok) return taken;
	if (before !== undefined && before.id !== holder?.id) {
		// What was over and had another name meanwhile: its key is free as well.
		const { external: _, ...rest } = before;
		changes.push({ kind: "putUser", user: rest });
	}
	changes.push({ kind: "putUser", user });
	return taken;
}

export function changeUser(at: Deciding, draft: DraftOf<"userChange">): Ruling {
	const { id, nowMs, change } = draft;
	const { view, changes } = at;
	const user = view.user(id);
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
	const holder = changed.skeleton === user.skeleton ? undefined : view.userWithSkeleton(changed.skeleton);
	const taken = takeName(at, holder, nowMs);
	if (taken.ok) changes.push({ kind: "putUser", user: changed });
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

/** Takes the name from its holder, another than the one who wants it, or says why it cannot be taken. */
function takeName(at: Deciding, holder: UserRecord | undefined, nowMs: number): Ruling {
	if (holder === undefined) return { ok: true };
	if (!isOver(holder, nowMs)) return { ok: false, code: "name_taken" };
	return { ok: true, eviction: evict(at, holder, nowMs) };
}

function evict({ view, limits, changes, draft }: Deciding, guest: UserRecord, atMs: number): Eviction {
	const rooms: { room: string; epoch: number; seq: number }[] = [];
	for (const room of view.channelsOf(guest.id)) {
		if (view.standing(room, guest.id) === Room_Standing.INVITED) {
			changes.push({ kind: "removeMember", room: room.id, user: guest.id });
			continue;
		}
		// A log that is full stays as it is; so does who is in it.
		if (room.head >= limits.seqMax) continue;
		const seq = room.head + 1;
		appendTo(changes, room.id, expiryEntry(guest, atMs, seq), draft);
		rooms.push({ room: room.id, epoch: room.epoch, seq });
	}
	const { expiresMs: _, external: __, ...rest } = guest;
	const user: UserRecord = {
		...rest,
		name: `${guest.name} (gone)`,
		skeleton: GONE + guest.id,
		generation: guest.generation + 1,
		disabled: true,
	};
	changes.push({ kind: "putUser", user });
	return { guest: { id: guest.id, name: guest.name }, atMs, rooms };
}
