// What the table of who may do what promises, whatever else stands in it.
import { expect, test } from "bun:test";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { type Act, may } from "../../src/log/may.ts";

const ACTS: readonly Act[] = ["say", "join", "leave", "rename", "invite"];
const { NONE, INVITED, MEMBER, OWNER } = Room_Standing;

test("whoever may not see a room hears the same words as if there were none, whatever it wants", () => {
	for (const act of ACTS) {
		for (const kind of [Room_Kind.PRIVATE, Room_Kind.DIRECT, 99 as Room_Kind]) {
			expect([act, kind, may(NONE, act, kind)]).toEqual([act, kind, "no_such_room"]);
		}
	}
});

test("nobody says, names or invites without being a member", () => {
	for (const act of ["say", "rename", "invite"] as const) {
		for (const kind of [Room_Kind.PUBLIC, Room_Kind.PRIVATE, Room_Kind.DIRECT]) {
			for (const standing of [NONE, INVITED]) expect(may(standing, act, kind)).not.toBe("yes");
		}
	}
});

test("a conversation of two is neither left nor named, and nobody is brought into it", () => {
	for (const act of ["leave", "rename", "invite"] as const) {
		for (const standing of [MEMBER, OWNER]) expect(may(standing, act, Room_Kind.DIRECT)).toBe("forbidden");
	}
});

test("a channel is named by its owner alone, and a private one is opened to others by its owner alone", () => {
	expect(may(OWNER, "rename", Room_Kind.PUBLIC)).toBe("yes");
	expect(may(MEMBER, "rename", Room_Kind.PUBLIC)).toBe("forbidden");
	expect(may(OWNER, "invite", Room_Kind.PRIVATE)).toBe("yes");
	expect(may(MEMBER, "invite", Room_Kind.PRIVATE)).toBe("forbidden");
	expect(may(MEMBER, "invite", Room_Kind.PUBLIC)).toBe("yes");
});

test("an owner may whatever a member may", () => {
	for (const act of ACTS) {
		for (const kind of [Room_Kind.PUBLIC, Room_Kind.PRIVATE, Room_Kind.DIRECT]) {
			if (may(MEMBER, act, kind) !== "forbidden") expect(may(OWNER, act, kind)).toBe(may(MEMBER, act, kind));
		}
	}
});
