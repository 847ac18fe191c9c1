import { expect, test } from "bun:test";
import { signal } from "@preact/signals";
import type { Room } from "@verbatim/client";
import { createRoomModel, type RoomModel } from "../../src/state/room.ts";
import { safeStorage } from "../../src/state/storage.ts";
import { ann, bob } from "../support/entries.ts";
import { FakeRoom } from "../support/fake-client.ts";

function open(room: FakeRoom, kept = new Map<string, string>()): RoomModel {
	const storage = safeStorage(() => ({
		getItem: (key) => kept.get(key) ?? null,
		setItem: (key, text) => void kept.set(key, text),
		removeItem: (key) => void kept.delete(key),
	}));
	return createRoomModel(room as unknown as Room, { me: signal(ann), userId: ann.id, storage, dayKey: () => "one day" });
}

const kinds = (model: RoomModel): readonly string[] => model.rows.value.map((row) => row.kind);

test("entries that arrive while the end is visible are seen at once, others are unread", () => {
	const room = new FakeRoom("r", "#tea");
	const model = open(room);
	model.enter();
	model.watch(true);
	room.hear(bob);
	expect(model.unread.value).toBe(0);
	model.watch(false);
	room.hear(bob);
	room.hear(bob);
	expect(model.unread.value).toBe(2);
	model.watch(true);
	room.change();
	expect(model.unread.value).toBe(0);
});

test("the divider is where the user stopped reading, and disappears on an answer or on leaving", () => {
	const room = new FakeRoom("r", "#tea");
	const model = open(room);
	room.hear(bob);
	room.hear(bob);
	model.enter();
	expect(kinds(model)).toEqual(["beginning", "day", "new", "message", "message"]);
	model.say("hello");
	expect(kinds(model)).not.toContain("new");

	model.watch(true);
	room.hear(bob);
	expect(kinds(model)).not.toContain("new");
	model.watch(false);
	room.hear(bob);
	room.hear(bob);
	expect(kinds(model)).toEqual(["beginning", "day", "message", "message", "message", "new", "message", "message"]);
	model.exit();
	expect(kinds(model)).not.toContain("new");
});

test("a draft survives a reload, until it is sent", () => {
	const kept = new Map<string, string>();
	open(new FakeRoom("r", "#tea"), kept).setDraft("half a thou");
	const room = new FakeRoom("r", "#tea");
	const model = open(room, kept);
	expect(model.draft.value).toBe("half a thou");
	expect(open(new FakeRoom("other", "#mate"), kept).draft.value).toBe("");
	model.say("half a thought");
	expect(room.said).toEqual(["half a thought"]);
	expect(open(new FakeRoom("r", "#tea"), kept).draft.value).toBe("");
});

test("a text that is refused at once stays a draft", () => {
	const room = new FakeRoom("r", "#tea");
	const model = open(room);
	model.setDraft("too much");
	room.send = () => {
		throw new Error("too large");
	};
	expect(() => model.say("too much")).toThrow("too large");
	expect(model.draft.value).toBe("too much");
});

test("a room opens with its newest page, loads older ones one at a time, and stops at the beginning", async () => {
	const room = new FakeRoom("r", "#tea", 100);
	const model = open(room);
	const newest = model.loadOlder();
	model.enter();
	expect(model.loading.value).toBe(true);
	await newest;
	expect([room.loads, room.from]).toEqual([1, 41]);
	await model.loadOlder();
	await model.loadOlder();
	expect([room.loads, room.from]).toEqual([2, 1]);
	expect(kinds(model).slice(0, 2)).toEqual(["beginning", "day"]);
});

test("a page that failed to load shows why, and can be loaded again", async () => {
	const room = new FakeRoom("r", "#tea", 100);
	const model = open(room);
	room.failLoads = true;
	await model.loadOlder();
	expect(model.loadError.value).toBe("The network is away");
	room.failLoads = false;
	await model.loadOlder();
	expect(model.loadError.value).toBeUndefined();
});

test("a skipped range is shown until it is loaded", async () => {
	const room = new FakeRoom("r", "#tea", 100);
	const model = open(room);
	room.tell("skipped", { from: 50, to: 100, reason: "far" });
	room.change();
	expect(model.skipped.value?.from).toBe(50);
	model.loadAhead();
	expect([room.loads, model.loading.value]).toEqual([0, false]);
	await model.loadOlder();
	expect(model.skipped.value).toBeUndefined();
});

test("a log restored from an earlier state is shown as such also where all of it is loaded", async () => {
	const room = new FakeRoom("r", "#tea", 60);
	const model = open(room);
	room.tell("skipped", { from: 1, to: 60, reason: "epoch" });
	room.change();
	await model.loadOlder();
	expect(room.from).toBe(1);
	expect(model.skipped.value?.reason).toBe("epoch");
});

test("a removed room is not subscribed to any more", () => {
	const room = new FakeRoom("r", "#tea");
	const model = open(room);
	model.dispose();
	expect(room.count("changed") + room.count("entry") + room.count("skipped")).toBe(0);
});
