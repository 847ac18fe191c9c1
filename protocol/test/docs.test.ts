// docs/protocol.md is normative: what it says of tables, names and bytes must be what the code does.
import { describe, expect, test } from "bun:test";
import {
	CLOSES,
	type CloseFacts,
	crc32c,
	create,
	DownSchema,
	EntrySchema,
	ERRORS,
	type ErrorFacts,
	isFinal,
	jsonCodec,
	LIMITS,
	lengthFramer,
	lifecycleDiagram,
	PREFACE_SPOKEN,
	PROTOCOL_VERSION,
	parsePreface,
	protoCodec,
	renderPrefaceAnswer,
	type Schema,
	SUBPROTOCOLS,
	TIMING,
	UpSchema,
} from "../src/mod.ts";
import { bytes, hex } from "./helpers.ts";

const page = await Bun.file(new URL("../../docs/protocol.md", import.meta.url)).text();
const lines = new Set(page.split("\n"));

test("the diagram of the life cycle is the one that the table gives", () => {
	expect(page).toContain(`\`\`\`mermaid\n${lifecycleDiagram()}\n\`\`\``);
});

test.each(Object.entries<ErrorFacts>(ERRORS))("the error %s stands in its table with what to do about it", (code, facts) => {
	const { status, retry, afterMs, message } = facts;
	expect(lines).toContain(`| \`${code}\` | ${status} | ${retry ? "yes" : "no"} | ${afterMs || ""} | ${message} |`);
});

test.each(Object.entries<CloseFacts>(CLOSES))("the close %s stands in its table with whether to come back", (name, facts) => {
	const { code, reconnect, afterMs, reason } = facts;
	expect(lines).toContain(`| \`${name}\` | ${code} | ${reconnect ? "yes" : "no"} | ${afterMs || ""} | ${reason} |`);
});

test.each(Object.entries({ ...LIMITS, ...TIMING }))(
	"%s stands in its table with its default, %d, and what it is",
	(name, value) => {
		const row = [...lines].find((line) => line.startsWith(`| \`${name}\` | ${value} | `));
		expect(row).toMatch(/\| [^|]{6,} \|$/);
	},
);

test("the refusals that are final for a send are named", () => {
	const [, named = ""] = /^\*\*Final\*\* are ([^.]*)\./m.exec(page) ?? [];
	const codes = [...named.matchAll(/`(\w+)`/g)].map(([, code]) => code);
	expect(codes).toEqual(Object.keys(ERRORS).filter(isFinal));
});

test("nothing stands in the tables that is not in the code", () => {
	const known = [ERRORS, CLOSES, LIMITS, TIMING].flatMap((table) => Object.keys(table));
	const told = [...page.matchAll(/^\| `(\w+)` \| \d+ \|/gm)].map(([, name]) => name);
	expect(told.filter((name) => !known.includes(name ?? ""))).toEqual([]);
	expect(told).toHaveLength(known.length);
});

describe("every message of the schema is told of", () => {
	test.each(named(UpSchema))("%s, a command, with its fields", (name, fields) => {
		const rows = [...lines].filter((line) => new RegExp(`^\\| \`${name}\\b`).test(line));
		// A hello and a ping have more to them than a cell holds.
		const cell = name === "hello" || name === "ping" || fields === "{}" ? "" : fields;
		expect(rows.some((row) => row.includes(cell))).toBe(true);
	});

	test.each(named(DownSchema))("%s, down", (name) => {
		expect(page).toContain(`\`${name}`);
	});

	test.each(named(EntrySchema))("%s, an entry, with its fields", (name, fields) => {
		expect(page).toContain(`\`${name} ${fields}\``);
	});
});

describe("the examples are what the code does", () => {
	const up = create(UpSchema, { id: 3, command: { case: "send", value: { room: "#tea", cid: "c1", text: "hello" } } });
	const body = protoCodec.encodeUp(up) as Uint8Array;

	test("a message in each framing, byte by byte", () => {
		const plain = hex(lengthFramer({ bytesMax: 100, crc: false }).encode(body));
		const checked = hex(lengthFramer({ bytesMax: 100, crc: true }).encode(body));
		const shown = [...page.matchAll(/```\n((?:[0-9a-f]{2} )[^`]*)```/g)].map(([, block]) =>
			(block ?? "")
				.split("\n")
				.map((line) => line.replace(/ {2,}.*/, ""))
				.join(" ")
				.trim(),
		);
		expect(shown).toEqual([plain, checked]);
		expect(page).toContain(`\`${jsonCodec.encodeUp(up)}\``);
		expect(page).toContain(crc32c(bytes("123456789")).toString(16));
	});

	test("prefaces and their answers", () => {
		expect(page).toContain(`\n${PREFACE_SPOKEN}\n`);
		const answers = [...page.matchAll(/^VERBATIM\/1 (?:ok|error) .*$/gm)].map(([line]) => `${line}\n`);
		expect(answers).toEqual(
			["VERBATIM/1 codec=json frame=newline", "VERBATIM/1 codec=xml"].map((line) => renderPrefaceAnswer(parsePreface(line))),
		);
	});

	test("messages up in JSON are decoded; messages down are of the schema", () => {
		const told = [...page.matchAll(/^([→←]) (\{.*\})$/gm)].map(([, arrow = "", json = ""]) => ({ arrow, json }));
		expect(told.length).toBeGreaterThan(5);
		for (const { arrow, json } of told) {
			// What the page leaves out is an ellipsis: within a text, or for the rest of an object.
			const whole = json.replaceAll(",…", "").replaceAll("{…}", "{}");
			if (arrow === "→") expect(jsonCodec.decodeUp(whole).command.case).toBeDefined();
			else expect(jsonCodec.encodeDown(jsonCodec.decodeDown(whole))).toBe(whole);
		}
	});

	test("version and subprotocols", () => {
		expect(page).toContain(`\nVersion ${PROTOCOL_VERSION}. `);
		for (const name of Object.values(SUBPROTOCOLS)) expect(page).toContain(`\`${name}\``);
	});
});

test("links within the page lead somewhere", () => {
	const anchors = new Set(
		[...page.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
			title
				.toLowerCase()
				.replace(/[^\w -]/g, "")
				.replaceAll(" ", "-"),
		),
	);
	for (const [, anchor = ""] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
});

/** The messages of a schema's oneofs: their names, and their fields as the page writes them. */
function named(schema: Schema): [string, string][] {
	const fields = [...schema.byName.values()].filter(({ oneof }) => oneof !== undefined);
	return fields.map(({ name, message }) => [name, `{${[...(message?.byName.keys() ?? [])].join(", ")}}`]);
}
