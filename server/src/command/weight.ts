// What an answer counts for against its reader's rate: about its bytes, by what is in it, so that it is the same in every codec.
import type { DownBody, Entry } from "@verbatim/protocol";
import { weightOf } from "../store/weight.ts";

/** A member or a room: an id, a name, some numbers. */
const ITEM_BYTES = 64;

export function answerBytes({ case: kind, value }: DownBody): number {
	switch (kind) {
		case "page":
			return entriesBytes(value.entries ?? []);
		case "joined":
			return ITEM_BYTES + entriesBytes(value.page?.entries ?? []);
		case "memberList":
			return ITEM_BYTES * (1 + (value.members?.length ?? 0) + (value.here?.length ?? 0));
		case "roomList":
			return ITEM_BYTES * (1 + (value.rooms?.length ?? 0));
		default:
			return ITEM_BYTES;
	}
}

type Entries = readonly { readonly body?: { readonly case?: string | undefined; readonly value?: unknown } }[];

function entriesBytes(entries: Entries): number {
	let bytes = ITEM_BYTES;
	for (const { body } of entries as readonly Entry[]) {
		bytes += weightOf(body.case === "message" ? Buffer.byteLength(body.value.text) : 0);
	}
	return bytes;
}
