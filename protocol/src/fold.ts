// A room's state is a fold over its entries. `effectsOf` returns an entry's changes as data: the store applies them to rows, `applyEntry`
// to a value in memory. Shared by the server, SDK, web page and terminal.
import { type Entry, Room_Kind, Room_Standing, type User } from "./wire.ts";

/** One change that an entry makes to the state of its room. */
export type Effect =
	| { readonly kind: "created"; readonly roomKind: Room_Kind; readonly name: string }
	| { readonly kind: "renamed"; readonly name: string }
	| { readonly kind: "member"; readonly user: User; readonly standing: Room_Standing }
	| { readonly kind: "gone"; readonly user: User };

/** The changes by `entry`, in order. None for a message. */
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
		// An entry kind of a later version: no effects known here.
		case undefined:
			return [];
	}
}

/** A room's state after its entries up to `asOf`. */
export interface RoomFold {
	/** The newest seq applied; 0 for none. */
	asOf: number;
	kind: Room_Kind;
	name: string;
	/** By user id. Includes users with an open invitation, with standing `INVITED`. */
	readonly members: Map<string, { readonly user: User; readonly standing: Room_Standing }>;
}

export function emptyFold(): RoomFold {
	return { asOf: 0, kind: Room_Kind.UNKNOWN, name: "", members: new Map() };
}

/**
 * Applies the next entry to `fold`, in place. Idempotent: entries at or below `asOf` change nothing, so that overlapping pages may be
 * applied.
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
