// By what a repeat is known.
import { expect, test } from "bun:test";
import { EntrySchema } from "@verbatim/protocol";
import { encodeBody } from "../../src/log/bodies.ts";
import { contentHash, hashOfBytes } from "../../src/log/content.ts";
import type { ProposedBody } from "../../src/log/draft.ts";
import { bodyOf } from "../../src/log/entries.ts";

const BODIES: readonly ProposedBody[] = [
	{ case: "message", value: { text: "" } },
	{ case: "message", value: { text: "hello" } },
	{ case: "joined", value: {} },
	{ case: "left", value: { reason: "" } },
	{ case: "left", value: { reason: "hello" } },
	{ case: "renamed", value: { name: "hello" } },
	{ case: "invited", value: { user: { id: "u-ann", name: "ann" } } },
	{ case: "invited", value: { user: { id: "u-bob", name: "bob" } } },
];

test("bodies that say the same have one hash, others have others, whatever their kind", () => {
	const hashes = BODIES.map((body) => contentHash(bodyOf(body)));
	expect(new Set(hashes).size).toBe(BODIES.length);
	expect(BODIES.map((body) => contentHash(bodyOf(structuredClone(body))))).toEqual(hashes);
});

test("the hash of a stored body is that of the body", () => {
	for (const body of BODIES.map(bodyOf)) expect(hashOfBytes(encodeBody({ body }).bytes)).toBe(contentHash(body));
});

test("every kind of entry that can be proposed is one of the protocol", () => {
	for (const { case: kind } of BODIES) expect(EntrySchema.byName.has(kind)).toBe(true);
});
