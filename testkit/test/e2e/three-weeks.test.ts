// Who was away for long, with a cursor that is further behind than the server sends at once: it is told what it is not sent, fills
// it, and in the end has had every entry once and in order. While it fills, the room goes on.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect, fileTokens, type Room, type SkippedRange } from "@verbatim/client/node";
import { LIMITS } from "@verbatim/protocol";
import { BlockableProxy } from "../../src/e2e/blockable-proxy.ts";
import { ROOMY } from "../../src/e2e/flags.ts";
import { PATIENCE_MS, Waiting } from "../../src/e2e/waiting.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

/** More than twice what is sent at once. */
const MISSED = LIMITS.catchUpEntriesMax * 2 + 345;
const TEST_MS = 120_000;
const TIMING = { reconnectMinMs: 20, reconnectMaxMs: 200 } as const;

let server: ServerProcess;
let writer: Client;
let files: string;

beforeAll(async () => {
	server = await ServerProcess.prepare({ flags: ROOMY });
	await server.start();
	writer = connect({ endpoints: server.tcp, credential: { guest: "writer" } });
	await writer.ready({ timeoutMs: PATIENCE_MS });
	files = await mkdtemp(join(tmpdir(), "verbatim-three-weeks-"));
}, TEST_MS);

afterAll(async () => {
	await writer.close();
	await server.remove();
	await rm(files, { recursive: true, force: true });
}, TEST_MS);

/** A reader's record of a room, across all its lives. */
class Record {
	readonly seqs: number[] = [];
	readonly texts: (string | undefined)[] = [];
	private readonly waiting = new Waiting();
	private trouble: unknown;

	/** Reads from where the record ends until the room's client is closed. */
	follow(room: Room): void {
		const read = async (): Promise<void> => {
			for await (const entry of room.entries({ after: this.seqs.at(-1) ?? 0 })) {
				this.seqs.push(entry.seq);
				this.texts.push(entry.body.case === "message" ? entry.body.value.text : undefined);
				this.waiting.wake();
			}
		};
		read().catch((cause: unknown) => {
			this.trouble = cause;
			this.waiting.wake();
		});
	}

	async upTo(seq: number): Promise<void> {
		await this.waiting.until(
			() => {
				if (this.trouble !== undefined) throw this.trouble;
				return (this.seqs.at(-1) ?? 0) >= seq;
			},
			() => `entry ${seq}; the record ends with ${this.seqs.at(-1)}`,
		);
	}
}

async function say(room: Room, lines: readonly string[]): Promise<number> {
	const sent = await Promise.all(lines.map((line) => room.send(line).done));
	return sent.at(-1)?.seq ?? 0;
}

const lines = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what} ${i}`);

/** The log: what made the room, what came in, and the lines. */
function expectWhole({ seqs, texts }: Record, head: number, said: readonly string[]): void {
	expect(seqs).toEqual(Array.from({ length: head }, (_, i) => i + 1));
	expect(texts.filter((text) => text !== undefined)).toEqual([...said]);
}

describe.each(["tcp", "ws"] as const)("over %s", (way) => {
	test(
		"a client whose network was gone is told the range that it is not sent, and fills it, once and in order",
		async () => {
			const proxy = await BlockableProxy.to(way === "tcp" ? server.tcpPort : server.httpPort);
			const endpoint = way === "tcp" ? `tcp://127.0.0.1:${proxy.port}` : `ws://127.0.0.1:${proxy.port}/ws`;
			const reader = connect({ endpoints: endpoint, credential: { guest: `away-${way}` }, timing: TIMING });
			try {
				await reader.ready({ timeoutMs: PATIENCE_MS });
				const room = await writer.join(`#journey-${way}`, { create: true });
				const view = await reader.join(`#journey-${way}`);
				const record = new Record();
				record.follow(view);
				const [before, missed, during] = [lines("before", 10), lines("missed", MISSED), lines("during", 200)];
				const left = await say(room, before);
				await record.upTo(left);
				const told: SkippedRange[] = [];
				view.on("skipped", (range) => told.push(range));

				proxy.block();
				const returned = await say(room, missed);
				proxy.unblock();
				const head = await say(room, during);
				await record.upTo(head);

				// What is sent is the newest page of the moment at which it came back.
				expect(told[0]).toMatchObject({ reason: "far", from: left + 1 });
				expect(told[0]?.to).toBeGreaterThanOrEqual(returned - LIMITS.historyEntriesDefault);
				expect(told[0]?.to).toBeLessThan(head);
				expectWhole(record, head, [...before, ...missed, ...during]);
			} finally {
				await reader.close();
				proxy.close();
			}
		},
		TEST_MS,
	);

	test(
		"a device that was switched off goes on after the last entry that it remembers, without a gap or a repetition",
		async () => {
			const endpoint = way === "tcp" ? server.tcp : server.webSocket;
			const device = () =>
				connect({ endpoints: endpoint, credential: { guest: `off-${way}` }, tokens: fileTokens(join(files, `${way}.json`)) });
			const record = new Record();
			const room = await writer.join(`#device-${way}`, { create: true });
			const first = device();
			await first.ready({ timeoutMs: PATIENCE_MS });
			record.follow(await first.join(`#device-${way}`));
			const [before, missed, during] = [lines("before", 10), lines("missed", MISSED), lines("during", 200)];
			await record.upTo(await say(room, before));
			await first.close();

			await say(room, missed);
			const second = device();
			try {
				await second.ready({ timeoutMs: PATIENCE_MS });
				const view = second.rooms.get(room.id);
				if (view === undefined) throw new Error("the device is no member any more");
				record.follow(view);
				const head = await say(room, during);
				await record.upTo(head);
				expectWhole(record, head, [...before, ...missed, ...during]);
			} finally {
				await second.close();
			}
		},
		TEST_MS,
	);
});
