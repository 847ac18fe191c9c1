// ARCHITECTURE.md follows one message with its real bytes, and lists the folders. Both stay as the code is.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	create,
	type Down,
	type DownBody,
	DownSchema,
	type Entry,
	jsonCodec,
	lengthFramer,
	type Preface,
	parsePreface,
	protoCodec,
	Room_Kind,
	renderPrefaceAnswer,
	TIMING,
	UpSchema,
} from "@verbatim/protocol";
import {
	assembleServer,
	carryOutAll,
	createMemoryStore,
	createMetrics,
	type Draft,
	LocalBus,
	newMemoryDisk,
	REFUSED_LIMITS,
	SERVER_LIMITS,
	systemClock,
	systemRandom,
} from "@verbatim/server/parts";
import { decideOn, loadFrom, renderEntry } from "@verbatim/server/testing";
import { FOLDERS } from "../src/layout/packages.ts";

const page = readFileSync(join(import.meta.dir, "../../ARCHITECTURE.md"), "utf8");
const room = "r01kb0t2m3h8qxv5c9n4w7y6dze";
const epoch = 2917301;
const atMs = 1795224000123;

const sender = { id: "u01kb0t1x9e5r7s3a8k2p6m4qfg", name: "ann" };

const up = create(UpSchema, { id: 7, command: { case: "send", value: { room, cid: "019aa0c2", text: "hello" } } });

function down(id: number, body: DownBody): Down {
	return create(DownSchema, { id, body });
}

/** The bytes of the page's hex dump, the words beside them left out. */
function bytesOnPage(): string {
	const dump = page.split("\n").flatMap((line) => /^(?:[0-9a-f]{2}(?: {1,2}|$)){3,}/.exec(line)?.[0] ?? []);
	return dump.join("").replaceAll(" ", "");
}

describe("the bytes in ARCHITECTURE.md", () => {
	test("are those of the frame that carries the send", () => {
		const frame = lengthFramer({ bytesMax: 65_536, crc: true }).encode(protoCodec.encodeUp(up) as Uint8Array);
		expect(bytesOnPage()).toContain(Buffer.from(frame).toString("hex"));
	});

	test("are those of its JSON form, of the push, and of the answer", () => {
		expect(page).toContain(jsonCodec.encodeUp(up) as string);
		const entries = [{ seq: 2, atMs, sender, cid: "019aa0c2", body: { case: "message" as const, value: { text: "hello" } } }];
		const push = down(0, { case: "entries", value: { room, epoch, entries } });
		expect(page).toContain(jsonCodec.encodeDown(push) as string);
		expect(page).toContain(`${protoCodec.encodeDown(push).length} bytes of Protobuf`);
		expect(page).toContain(jsonCodec.encodeDown(down(7, { case: "sent", value: { room, epoch, seq: 2, atMs } })) as string);
	});
});

describe("the examples in ARCHITECTURE.md", () => {
	test("of the preface: what a client says, and what it is answered", () => {
		const [said = "", answered] = page.split("\n").filter((line) => line.startsWith("VERBATIM/1 ") && !line.includes("…"));
		const preface = parsePreface(said);
		expect(preface).toEqual({ codec: "proto", check: "crc32c", frame: "length" });
		expect(`${answered}\n`).toBe(renderPrefaceAnswer(preface as Preface));
	});

	test("of draft, change and line are what the server makes of the send", async () => {
		const disk = newMemoryDisk();
		const limits = { ...SERVER_LIMITS, ...REFUSED_LIMITS };
		const created = {
			kind: "create",
			room,
			epoch,
			roomKind: Room_Kind.PUBLIC,
			name: "tea",
			skeleton: "tea",
			sender,
			atMs,
		} as const;
		carryOutAll(disk, [created], limits);
		const drafts: Draft[] = [];
		const shownChanges: string[] = [];
		const clock = { ...systemClock, now: () => atMs };
		const io = {
			healthy: true,
			async commit(batch: readonly Draft[], carryOut: () => ReturnType<typeof carryOutAll>) {
				drafts.push(...batch);
				const { changes } = decideOn((needs, snapshot) => loadFrom(disk, needs, snapshot), batch, limits, "every");
				shownChanges.push(...changes.map((change) => shown(change, 2)));
				return carryOut();
			},
			read: async <T>(look: () => T) => look(),
		};
		const store = createMemoryStore({ clock, disk, io });
		const nothing = (): void => undefined;
		const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
		const { core, stop } = assembleServer({
			store,
			bus: new LocalBus(),
			accounts: {} as never,
			clock,
			random: systemRandom,
			log,
			metrics: createMetrics(),
			limits: SERVER_LIMITS,
			timing: TIMING,
			version: "shown",
		});
		try {
			const answer = await core.commands.run({ user: { ...sender, guest: false, generation: 1 } as never }, up.command, "");
			expect(page).toContain(jsonCodec.encodeDown(down(7, answer)) as string);
		} finally {
			stop();
			await store.close();
		}
		expect(drafts).toHaveLength(1);
		expect(page).toContain(`\n${shown(drafts[0], 4)}\n`);
		expect(shownChanges).toHaveLength(1);
		expect(page).toContain(`\n${shownChanges[0]}\n`);
		const entry = disk.rooms.get(room)?.log[1] as Entry;
		expect(page).toContain(`\n${renderEntry(entry, "#tea")}\n`);
	});
});

/** As the page writes a value: ids cut off, and what is deeper in it than `depth` left out. */
function shown(value: unknown, depth: number): string {
	if (typeof value === "string") return JSON.stringify(value.replace(/^([ru]01kb0)\w+$/, "$1…"));
	if (typeof value !== "object" || value === null) return String(value);
	if (depth === 0) return "{ … }";
	const fields = Object.entries(value).filter(([name, each]) => name !== "$typeName" && each !== undefined);
	return `{ ${fields.map(([name, each]) => `${name}: ${shown(each, depth - 1)}`).join(", ")} }`;
}

describe("the folders in ARCHITECTURE.md", () => {
	const blocks = page.split("```").filter((_, i) => i % 2 === 1);
	const list = blocks.find((block) => block.startsWith("\nbase/")) ?? "";
	const folders = FOLDERS["server/src"] ?? [];
	const tops = [...new Set(folders.map((folder) => folder.split("/")[0] ?? ""))];

	test("are those of the server, in the order of their imports, with their parts", () => {
		const lines = list.trim().split("\n");
		const listed = lines.flatMap((line) => /^(\w+)\/ +\S/.exec(line)?.[1] ?? []);
		expect(listed).toEqual(tops);
		for (const top of tops) {
			const line = lines.find((each) => each.startsWith(`${top}/`)) ?? "";
			const parts = [...line.slice(top.length + 1).matchAll(/(\w+)\//g)].map(([, part]) => `${top}/${part}`);
			expect(parts).toEqual(folders.filter((folder) => folder.startsWith(`${top}/`)));
		}
		expect(page).toContain(FOLDERS["client/src"]?.map((folder) => `\`${folder}\``).join(", ") ?? "none");
	});

	test("name every file that stands beside them, and none that is not there", () => {
		const files = readdirSync(join(import.meta.dir, "../../server/src")).filter((name) => name.endsWith(".ts"));
		const named = [...list.slice(list.indexOf("core.ts")).matchAll(/[\w-]+\.ts\b/g)].map(([name]) => name);
		expect([...new Set(named)].sort()).toEqual(files.sort());
	});

	test("stand on a message's way once, or are said to be beside it", () => {
		const way = blocks.find((block) => block.startsWith("\nbytes in")) ?? "";
		const beside = /Beside its way: ([\s\S]*?)\n\n/.exec(page)?.[1] ?? "";
		for (const folder of tops) {
			const onWay = [...way.matchAll(new RegExp(`\\b${folder}\\b`, "g"))].length;
			expect([folder, onWay + (beside.includes(`\`${folder}\``) ? 1 : 0)]).toEqual([folder, 1]);
		}
	});
});
