// `bun bench/src/store.ts [--inflight 64,1000] [--seconds 4] [--rooms 50] [--json]`: throughput of the store alone, without
// sockets and sessions. `inflight` senders append 100 bytes each, one after the other, durably. Also reported: the cost of a draft on the
// event loop's thread, since that thread also delivers.
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Room_Kind } from "@verbatim/protocol";
import { messageDraft, openSqliteStore, type Store } from "@verbatim/server";
import { Samples } from "./load/samples.ts";
import { DURABILITY } from "./server-flags.ts";

const { values } = parseArgs({
	args: process.argv.slice(2),
	options: {
		inflight: { type: "string", default: "64,1000" },
		seconds: { type: "string", default: "4" },
		rooms: { type: "string", default: "50" },
		json: { type: "boolean", default: false },
	},
});
const TEXT = "The quick brown fox jumps over the lazy dog, and the dog says: that was a hundred bytes, word by wo.";
const epoch = Date.now();

const dir = await mkdtemp(join(tmpdir(), "verbatim-bench-"));
try {
	const store = await openSqliteStore(dir);
	const rooms = await makeRooms(store, Number(values.rooms));
	for (const inFlight of values.inflight.split(",").map(Number)) {
		const result = await run(store, rooms, inFlight, Number(values.seconds) * 1_000);
		console.log(values.json ? JSON.stringify(result) : table(result));
	}
	await store.close();
} finally {
	await rm(dir, { recursive: true, force: true });
}

async function makeRooms(store: Store, count: number): Promise<string[]> {
	const rooms = Array.from({ length: count }, (_, n) => `r01kam0v5vz3n9x8a7b6c5${String(n).padStart(5, "0")}`);
	for (const [n, room] of rooms.entries()) {
		const name = `room${n}`;
		const draft = {
			kind: "create",
			room,
			epoch: 1,
			roomKind: Room_Kind.PUBLIC,
			name,
			skeleton: name,
			sender: senderOf(n),
			atMs: 0,
		} as const;
		const outcome = await store.append(draft);
		if (!outcome.ok) throw new Error(outcome.code);
	}
	return rooms;
}

async function run(store: Store, rooms: readonly string[], inFlight: number, forMs: number) {
	const before = store.stats();
	const waits = new Samples();
	let refused = 0;
	let said = 0;
	const cpuBefore = threadSeconds();
	const allBefore = process.cpuUsage();
	const start = performance.now();
	const one = async (n: number): Promise<void> => {
		const room = rooms[n % rooms.length] ?? "";
		while (performance.now() - start < forMs) {
			const sent = performance.now();
			const outcome = await store.append(
				messageDraft({
					room,
					sender: senderOf(n % rooms.length),
					cid: newCid(),
					text: TEXT,
					atMs: epoch,
				}),
			);
			if (outcome.ok) said++;
			else refused++;
			waits.add(performance.now() - sent);
		}
	};
	await Promise.all(Array.from({ length: inFlight }, (_, n) => one(n)));
	const seconds = (performance.now() - start) / 1_000;
	const cpu = process.cpuUsage(allBefore);
	const after = store.stats();
	return {
		scenario: "store",
		durability: DURABILITY,
		inFlight,
		draftsPerSecond: said / seconds,
		refused,
		draftsPerBatch: (after.drafts - before.drafts) / Math.max(1, after.batches - before.batches),
		p50Ms: waits.percentile(0.5),
		p99Ms: waits.percentile(0.99),
		/** This script's own part, about a microsecond, included. */
		eventLoopUsPerDraft: ((threadSeconds() - cpuBefore) / said) * 1e6,
		allThreadsUsPerDraft: (cpu.user + cpu.system) / said,
	};
}

function senderOf(n: number) {
	return { id: `u01kam0v5vz3n9x8a7b6c5${String(n).padStart(5, "0")}`, name: "ann" };
}

/** UUID version 7, as in the SDK: close in time is close in the index. */
function newCid(): string {
	return Bun.randomUUIDv7();
}

/** Processor time of the main thread, from /proc; its id is that of the process. */
function threadSeconds(): number {
	const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

function table(result: object): string {
	return Object.entries(result)
		.map(([key, value]) => `${key.padEnd(24)}${typeof value === "number" ? Number(value.toFixed(2)) : value}`)
		.join("\n")
		.concat("\n");
}
