// `bun bench/src/codec.ts [--json]`: the cost of the two hot messages in each codec, compared with the library's generic codec
// (reflection) and, for JSON, with JSON.parse and JSON.stringify alone, the lower bound. Microseconds are this machine's; compare ratios.
import { parseArgs } from "node:util";
import { create, DownSchema, jsonCodec, type Message, protoCodec, UpSchema } from "@verbatim/protocol";
import * as library from "@verbatim/testkit/library";

const { values } = parseArgs({ args: process.argv.slice(2), options: { json: { type: "boolean", default: false } } });

const ROOM = "r01kam0v5vz3n9x8a7b6c5d4e3f";
const CID = "019a8f3c-7f2a-7c3b-9a4d-1234567890ab";
/** A hundred bytes, as in all scenarios. */
const TEXT = "The quick brown fox jumps over the lazy dog, and the dog says: that was a hundred bytes, word by wo.";
const RUNS = 5;
const RUN_MS = 120;

interface Row {
	readonly what: string;
	readonly bytes: number;
	readonly us: number;
	readonly libraryUs: number;
	readonly runtimeUs?: number;
}

const send = create(UpSchema, { id: 77, command: { case: "send", value: { room: ROOM, cid: CID, text: TEXT } } });
const rows = [
	...measure("send", library.UpSchema, send, protoCodec.encodeUp, protoCodec.decodeUp, jsonCodec.encodeUp, jsonCodec.decodeUp),
	...[1, 10].flatMap((count) =>
		measure(
			`entries of ${count}`,
			library.DownSchema,
			entries(count),
			protoCodec.encodeDown,
			protoCodec.decodeDown,
			jsonCodec.encodeDown,
			jsonCodec.decodeDown,
		),
	),
];
console.log(values.json ? JSON.stringify(rows) : table(rows));

function measure<M extends Message>(
	name: string,
	schema: library.DescMessage,
	message: M,
	toProto: (message: M) => Uint8Array | string,
	ofProto: (body: Uint8Array) => M,
	toText: (message: M) => Uint8Array | string,
	ofText: (body: string) => M,
): Row[] {
	const bytes = library.toBinary(schema, message);
	const json = library.toJson(schema, message);
	const text = JSON.stringify(json);
	const textBytes = Buffer.byteLength(text);
	return [
		{
			what: `${name}, to Protobuf`,
			bytes: bytes.length,
			us: cost(() => toProto(message)),
			libraryUs: cost(() => library.toBinary(schema, message)),
		},
		{
			what: `${name}, of Protobuf`,
			bytes: bytes.length,
			us: cost(() => ofProto(bytes)),
			libraryUs: cost(() => library.fromBinary(schema, bytes)),
		},
		{
			what: `${name}, to JSON`,
			bytes: textBytes,
			us: cost(() => toText(message)),
			libraryUs: cost(() => JSON.stringify(library.toJson(schema, message))),
			runtimeUs: cost(() => JSON.stringify(json)),
		},
		{
			what: `${name}, of JSON`,
			bytes: textBytes,
			us: cost(() => ofText(text)),
			libraryUs: cost(() => library.fromJson(schema, JSON.parse(text))),
			runtimeUs: cost(() => JSON.parse(text)),
		},
	];
}

function entries(count: number) {
	return create(DownSchema, {
		body: {
			case: "entries",
			value: {
				room: ROOM,
				epoch: 1,
				entries: Array.from({ length: count }, (_, i) => ({
					seq: 1_000 + i,
					atMs: 1_763_690_000_000 + i,
					sender: { id: "u01kam0v5vz3n9x8a7b6c5d4e3f", name: "ann" },
					cid: CID,
					body: { case: "message" as const, value: { text: TEXT } },
				})),
			},
		},
	});
}

/** Microseconds of one call: the minimum of several runs, since other load can only add. */
function cost(call: () => unknown): number {
	let best = Number.POSITIVE_INFINITY;
	for (let run = 0; run <= RUNS; run++) {
		let calls = 0;
		const start = performance.now();
		let now = start;
		for (; now - start < RUN_MS; now = performance.now()) {
			for (let i = 0; i < 200; i++) call();
			calls += 200;
		}
		// The first run warms the compiler up.
		if (run > 0) best = Math.min(best, ((now - start) / calls) * 1000);
	}
	return best;
}

function table(all: readonly Row[]): string {
	const head = ["", "bytes", "µs", "library µs", "library ÷ here", "here ÷ runtime"];
	const lines = all.map(({ what, bytes, us, libraryUs, runtimeUs }) => [
		what,
		String(bytes),
		us.toFixed(2),
		libraryUs.toFixed(2),
		(libraryUs / us).toFixed(1),
		runtimeUs === undefined ? "" : (us / runtimeUs).toFixed(1),
	]);
	return [head, ...lines]
		.map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(15))).join(""))
		.join("\n");
}
