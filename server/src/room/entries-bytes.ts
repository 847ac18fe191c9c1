import type { Entry } from "@verbatim/protocol";
import { weightOf } from "../store/weight.ts";

/** What entries count for against their reader's rate: about their bytes, by what is in them, so that it is the same in every codec. */
export function entriesBytes(entries: readonly Entry[]): number {
	let bytes = 0;
	for (const { body } of entries) bytes += weightOf(body.case === "message" ? Buffer.byteLength(body.value.text) : 0);
	return bytes;
}
