import { expect, test } from "bun:test";
import { signal } from "@preact/signals";
import { create, Room_Standing, RoomSchema } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import type { Address } from "../../src/state/address.ts";
import { createRooms, type Rooms } from "../../src/state/rooms.ts";
import { safeStorage, type TextStorage } from "../../src/state/storage.ts";
import { ann, bob } from "../support/entries.ts";
import { FakeClient, FakeRoom } from "../support/fake-client.ts";

class FakeAddress implements Address {
	readonly pushed: string[] = [];
	private listener = (): void => {};
	private now: string;

	constructor(hash: string) {
		this.now = hash;
	}
	hash(): string {
		return this.now;
	}
	push(hash: string): void {
		this.pushed.push(hash);
		this.now = hash;
	}
	replace(hash: string): void {
		this.now = hash;
	}
	onChange(listener: () => void): () => void {
		this.listener = listener;
		return () => {};
	}
	/** The user goes to another address. */
	go(hash: string): void {
		this.now = hash;
		this.listener();
	}
}

interface Stage {
	readonly fake: FakeClient;
	readonly clock: VirtualClock;
	readonly address: FakeAddress;
	readonly rooms: Rooms;
	readonly gone: string[];
}

function stage(hash = "", storage: TextStorage = memory()): Stage {
	const fake = new FakeClient();
	const clock = new VirtualClock();
	const address = new FakeAddress(hash);
	const gone: string[] = [];
	const rooms = createRooms({
		client: fake.client,
		clock,
		user: signal(ann),
		storage,
		drafts: storage,
		address,
		dayKey: () => "one day",
		onGone: (title) => gone.push(title),
	});
	return { fake, clock, address, rooms, gone };
}

function memory(): TextStorage {
	return safeStorage(() => {
		throw new Error("nothing is kept");
	});
}

const title = (rooms: Rooms): string | undefined => rooms.current.value?.room.title;

test("rooms are ordered by name, channels and direct conversations apart, and follow a new name", () => {
	const { fake, rooms } = stage();
	const mate = new FakeRoom("2", "#mate");
	fake.welcome(ann, new FakeRoom("1", "#tea"), mate, new FakeRoom("3", "@bob"));
	const titles = (): readonly string[] => rooms.channels.value.map((model) => model.title.value);
	expect(titles()).toEqual(["#mate", "#tea"]);
	expect(rooms.directs.value.map((model) => model.room.title)).toEqual(["@bob"]);
	mate.title = "#yerba";
	mate.change();
	expect(titles()).toEqual(["#tea", "#yerba"]);
});

test("the first room is that of the address, else the last open one, else the first of the list", async () => {
	const rooms = [new FakeRoom("1", "#mate"), new FakeRoom("2", "#tea"), new FakeRoom("3", "@bob")] as const;
	const storage = memory();

	const first = stage("", storage);
	first.fake.welcome(ann, ...rooms);
	await first.clock.advance(1);
	expect(title(first.rooms)).toBe("#mate");

	const addressed = stage("#TEA", storage);
	addressed.fake.welcome(ann, ...rooms);
	await addressed.clock.advance(1);
	expect(title(addressed.rooms)).toBe("#tea");

	const again = stage("", storage);
	again.fake.welcome(ann, ...rooms);
	await again.clock.advance(1);
	expect(title(again.rooms)).toBe("#tea");
	expect(again.address.hash()).toBe("#tea");
	expect(again.address.pushed).toEqual([]);
});

test("an address of a room that the user is not in is kept until the user joins it or goes elsewhere", async () => {
	const { fake, clock, address, rooms } = stage("#secret");
	const tea = new FakeRoom("1", "#tea");
	fake.welcome(ann, tea);
	await clock.advance(1);
	expect([rooms.wanted.value, title(rooms)]).toEqual(["#secret", undefined]);
	rooms.unwant();
	expect([rooms.wanted.value, address.hash()]).toEqual(["", "#"]);
	address.go("#secret");
	expect(rooms.wanted.value).toBe("#secret");
	fake.add(new FakeRoom("2", "#secret"));
	await clock.advance(1);
	expect([rooms.wanted.value, title(rooms)]).toEqual(["", "#secret"]);
});

test("switching rooms wraps around, and back returns", async () => {
	const { fake, clock, address, rooms } = stage();
	fake.welcome(ann, new FakeRoom("1", "#mate"), new FakeRoom("2", "#tea"), new FakeRoom("3", "@bob"));
	await clock.advance(1);
	rooms.step(1);
	rooms.step(1);
	expect(title(rooms)).toBe("@bob");
	rooms.step(1);
	expect(title(rooms)).toBe("#mate");
	rooms.step(-1);
	expect(address.pushed).toEqual(["#tea", "#@bob", "#mate", "#@bob"]);
	address.go("#tea");
	expect(title(rooms)).toBe("#tea");
});

test("a room that the user is removed from closes with a notice; others are removed silently", async () => {
	const { fake, clock, rooms, gone } = stage("#tea");
	const tea = new FakeRoom("1", "#tea");
	const mate = new FakeRoom("2", "#mate");
	fake.welcome(ann, tea, mate);
	await clock.advance(1);
	fake.remove(mate);
	expect([gone.length, title(rooms)]).toEqual([0, "#tea"]);
	fake.remove(tea);
	expect([gone, title(rooms)]).toEqual([["#tea"], undefined]);
});

test("signing out, or in as another user, shows no notice of removed rooms", async () => {
	const { fake, clock, rooms, gone } = stage("#tea");
	const tea = new FakeRoom("1", "#tea");
	fake.welcome(ann, tea);
	await clock.advance(1);
	fake.user = undefined;
	fake.remove(tea);
	expect([gone, title(rooms)]).toEqual([[], undefined]);
	const mate = new FakeRoom("2", "#mate");
	fake.welcome(ann, mate);
	await clock.advance(1);
	fake.user = bob;
	fake.remove(mate);
	expect(gone).toEqual([]);
});

test("back and forward switch rooms while the server is unreachable, too", async () => {
	const { fake, clock, address, rooms } = stage("#tea");
	fake.welcome(ann, new FakeRoom("1", "#tea"), new FakeRoom("2", "#mate"));
	await clock.advance(1);
	fake.become({ state: "connecting", attempt: 1, endpoint: "" });
	address.go("#mate");
	expect([rooms.wanted.value, title(rooms)]).toEqual(["", "#mate"]);
});

test("unread messages count over all rooms", async () => {
	const { fake, clock, rooms } = stage("#tea");
	const tea = new FakeRoom("1", "#tea");
	const mate = new FakeRoom("2", "#mate");
	fake.welcome(ann, tea, mate);
	await clock.advance(1);
	tea.hear(bob);
	mate.hear(bob);
	mate.hear(bob);
	expect(rooms.unread.value).toBe(3);
});

test("a draft belongs to its user: the next user on this device does not see it", () => {
	const { fake, rooms } = stage();
	fake.welcome(ann, new FakeRoom("1", "#tea"));
	rooms.channels.value[0]?.setDraft("private words");
	for (const room of [...fake.rooms.values()]) fake.remove(room as unknown as FakeRoom);
	fake.welcome(bob, new FakeRoom("1", "#tea"));
	expect(rooms.channels.value[0]?.draft.value).toBe("");
});

test("signing out leaves no draft behind", () => {
	const { fake, rooms } = stage();
	fake.welcome(ann, new FakeRoom("1", "#tea"), new FakeRoom("2", "@bob"));
	for (const model of [...rooms.channels.value, ...rooms.directs.value]) model.setDraft("private words");
	rooms.forgetDrafts();
	expect([...rooms.channels.value, ...rooms.directs.value].map((model) => model.draft.value)).toEqual(["", ""]);
});

test("presence in direct conversations is requested once; after a reconnect the SDK does so by itself", async () => {
	const { fake, clock } = stage();
	const direct = new FakeRoom("3", "@bob");
	fake.welcome(ann, new FakeRoom("1", "#tea"), direct);
	await clock.advance(1);
	fake.add(new FakeRoom("4", "@cleo"));
	await clock.advance(1);
	expect(direct.asked).toBe(1);
	fake.become({ state: "connecting", attempt: 1, endpoint: "" });
	fake.become({ state: "live", endpoint: "", sinceMs: 5, suspect: false, behind: false });
	await clock.advance(1);
	expect(direct.asked).toBe(1);
});

test("an invitation leaves the list at once when another session of the user has declined it", () => {
	const { fake, rooms } = stage();
	fake.welcome(ann);
	const invited = create(RoomSchema, { id: "r-den", name: "den", standing: Room_Standing.INVITED });
	fake.invitations.set(invited.id, invited);
	fake.tell("invited", { room: invited, by: bob });
	expect(rooms.invitations.value.map(({ name }) => name)).toEqual(["den"]);
	fake.invitations.delete(invited.id);
	fake.tell("invitationClosed", invited);
	expect(rooms.invitations.value).toEqual([]);
});
