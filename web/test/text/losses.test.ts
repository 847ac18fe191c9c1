import { describe, expect, test } from "bun:test";
import type { Delivery } from "@verbatim/client";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { lostByLeaving, lostBySigningOut } from "../../src/text/losses.ts";

describe("signing out", () => {
	const nothing = { name: "ann", unsent: 0, drafts: 0 };

	test("loses nothing for an account that it would not find again", () => {
		expect(lostBySigningOut({ ...nothing, as: "account" })).toEqual([]);
	});

	test("lists for an account what is lost with this browser", () => {
		expect(lostBySigningOut({ as: "account", name: "ann", unsent: 2, drafts: 1 })).toEqual([
			"2 messages are not sent yet, and will wait in this browser until you log in here again.",
			"What you have begun to write in 1 room is thrown away.",
		]);
	});

	test("loses a guest's name, rooms and unsent messages, known or not", () => {
		expect(lostBySigningOut({ ...nothing, as: "guest" })).toHaveLength(1);
		expect(lostBySigningOut({ as: "guest", name: "ann", unsent: 1, drafts: 0 })).toHaveLength(2);
		expect(lostBySigningOut({ as: undefined, name: undefined, unsent: undefined, drafts: 0 })).toEqual([
			"If you came as a guest, nobody can come back under this name, not even you. Your direct messages and private rooms will be out of reach.",
			"What is not sent yet will never be.",
		]);
	});
});

describe("leaving", () => {
	const pending = (state: string): Delivery => ({ status: { state } }) as Delivery;

	test.each([
		["a public room as its member", Room_Kind.PUBLIC, Room_Standing.MEMBER, 0],
		["a public room as its owner", Room_Kind.PUBLIC, Room_Standing.OWNER, 1],
		["a private room as its member", Room_Kind.PRIVATE, Room_Standing.MEMBER, 1],
		["a private room as its owner", Room_Kind.PRIVATE, Room_Standing.OWNER, 1],
	])("%s", (_, kind, standing, count) => {
		expect(lostByLeaving({ kind, standing, pending: [] })).toHaveLength(count);
		expect(lostByLeaving({ kind, standing, pending: [pending("done"), pending("waiting"), pending("failed")] })).toHaveLength(
			count + 1,
		);
	});
});
