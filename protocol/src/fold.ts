// The state of a room is a fold over its entries. `effectsOf` says what an entry changes, as data: the store turns effects
// into rows, `applyEntry` turns them into a value in memory. Server, SDK, web and terminal share both.
import { type Entry, Room_Kind, Room_Standing, type User } from "./wire.ts";

/** One change that an entry makes to the state of its room. */
export type Effect =
	| { readonly kind: "created"; readonly roomKind: Room_Kind; readonly name: string }
	| { readonly kind: "renamed"; readonly name: string }
	| { readonly kind: "member"; readonly user: User; readonly standing: Room_Standing }
	| { readonly kind: "gone"; readonly user: User };

/** What `entry` changes, in order. A message changes nothing but the timeline. */
export function effectsOf(entry: Entry): readonly Effect[] {
	const { body } = entry;
	const sender = entry.sender;
	switch (body.case) {
		case "created": {
			const { kind, name, members } = body.value;
			const created: Effect = { kind: "created", roomKind: kind, name };
			return [
				created,
				...members.map(
					(user): Effect => ({
						kind: "member",
						user,
						standing: kind === Room_Kind.DIRECT ? Room_Standing.MEMBER : Room_Standing.OWNER,
					}),
				),
			];
		}
		case "joined":
			return sender ? [{ kind: "member", user: sender, standing: Room_Standing.MEMBER }] : [];
		case "left":
			return sender ? [{ kind: "gone", user: sender }] : [];
		case "renamed":
			return [{ kind: "renamed", name: body.value.name }];
		case "invited":
			return body.value.user ? [{ kind: "member", user: body.value.user, standing: Room_Standing.INVITED }] : [];
		case "message":
		// An entry of a later version: it holds its place in the log, and this version has nothing to say of it.
		case undefined:
			return [];
	}
}

/** A room as its entries up to `asOf` make it. */
export interface RoomFold {
	/** The newest seq applied; 0 for none. */
	asOf: number;
	kind: Room_Kind;
	name: string;
	/** By user id. Users with an open invitation are in it, with standing `INVITED`. */
	readonly members: Map<string, { readonly user: User; readonly standing: Room_Standing }>;
}

export function emptyFold(): RoomFold {
	return { asOf: 0, kind: Room_Kind.UNKNOWN, name: "", members: new Map() };
}

/**
 * Applies the next entry to `fold`, in place; nothing else is touched. Entries at or below `asOf` are already in it and change
 * nothing, so that overlapping pages may be applied in any number.
 */
export function applyEntry(fold: RoomFold, entry: Entry): void {
	if (entry.seq <= fold.asOf) return;
	fold.asOf = entry.seq;
	for (const effect of effectsOf(entry)) {
		switch (effect.kind) {
			case "created":
				fold.kind = effect.roomKind;
				fold.name = effect.name;
				break;
			case "renamed":
				fold.name = effect.name;
				break;
			case "member":
				fold.members.set(effect.user.id, { user: effect.user, standing: effect.standing });
				break;
			case "gone":
				fold.members.delete(effect.user.id);
				break;
		}
	}
}
