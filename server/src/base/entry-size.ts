// How much an entry counts for. One function says which part of a body may be long; all sizes come from it: of pushes, pages, read rates, caches.
// Of rows as they are stored, stored-size.ts says the same.
import { type Entry, unreachable } from "@verbatim/protocol";

/** A body of any kind, as an entry has it or a draft. */
export type SizedBody =
	| { readonly case: "message"; readonly value: { readonly text: string } }
	| { readonly case: Exclude<Entry["body"]["case"], "message">; readonly value?: unknown };

/** The part of a body that may be long: what a user wrote. "": the allowance for an entry covers all of the body. */
export function longText(body: SizedBody): string {
	switch (body.case) {
		case "message":
			return body.value.text;
		case "created":
		case "joined":
		case "left":
		case "renamed":
		case "invited":
		case undefined:
			return "";
		default:
			return unreachable(body);
	}
}

/** `longText` in bytes of UTF-8. */
export function longTextBytes(body: SizedBody): number {
	return Buffer.byteLength(longText(body));
}

/** An entry's approximate size on the wire and in memory, in bytes: for cutting pushes and for caches, not for rate limits. */
export function roughBytes({ body }: Entry): number {
	return (body.case === "message" ? 160 : 240) + longText(body).length * 2;
}
