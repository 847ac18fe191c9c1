import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { codecOfSubprotocol, PROTOCOL_HISTORY, PROTOCOL_VERSION, SCHEMA_SHA256, SUBPROTOCOLS } from "../src/mod.ts";

const SCHEMA = new URL("../proto/verbatim/v1/wire.proto", import.meta.url);

test("the schema is the one that the version pins", async () => {
	const schema = (await Bun.file(SCHEMA).text()).replace(/\/\/[^\n]*/g, "").replace(/\s+/g, " ");
	const sha256 = createHash("sha256").update(schema).digest("hex");
	if (sha256 === SCHEMA_SHA256) return;
	throw new Error(
		[
			"The schema of the wire has changed. In protocol/src/version.ts:",
			"1. If an older peer would misunderstand the change, raise PROTOCOL_VERSION (and think again: can it be an addition?).",
			"2. Add a line to PROTOCOL_HISTORY that says what has changed.",
			`3. Set SCHEMA_SHA256 to "${sha256}".`,
			"And say in docs/protocol.md what the change means.",
		].join("\n"),
	);
});

test("the history is dated, in order, and ends with the version spoken", () => {
	const dates = PROTOCOL_HISTORY.map((change) => change.date);
	for (const date of dates) expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
	expect(dates).toEqual(dates.toSorted());
	const versions = PROTOCOL_HISTORY.map((change) => change.version);
	expect(versions).toEqual(versions.toSorted((a, b) => a - b));
	expect(versions.at(-1)).toBe(PROTOCOL_VERSION);
});

test("a subprotocol names its codec and the version, and no other name does", () => {
	for (const codec of ["proto", "json"] as const) {
		expect(codecOfSubprotocol(SUBPROTOCOLS[codec])).toBe(codec);
		expect(SUBPROTOCOLS[codec]).toBe(`verbatim.v${PROTOCOL_VERSION}.${codec}`);
	}
	expect(codecOfSubprotocol("verbatim.v2.json")).toBeUndefined();
	expect(codecOfSubprotocol("toString")).toBeUndefined();
});
