// What an answer counts for against its reader's rate: about its bytes, by what is in it, so that it is the same in every codec.
import type { DownBody, Entry } from "@verbatim/protocol";
import { entriesBytes } from "../room/entries-bytes.ts";

/** A member or a room: an id, a name, some numbers. */
const ITEM_BYTES = 64;

export function answerBytes({ case: kind, value }: DownBody): number {
	switch (kind) {
		case "page":
			return ITEM_BYTES + entriesBytes((value.entries ?? []) as readonly Entry[]);
		case "joined":
			return ITEM_BYTES * 2 + entriesBytes((value.page?.entries ?? []) as readonly Entry[]);
		case "memberList":
			return ITEM_BYTES * (1 + (value.members?.length ?? 0) + (value.here?.length ?? 0));
		case "roomList":
			return ITEM_BYTES * (1 + (value.rooms?.length ?? 0));
		default:
			return ITEM_BYTES;
	}
}
