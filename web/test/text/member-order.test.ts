import { expect, test } from "bun:test";
import type { RoomMember } from "@verbatim/client";
import { Room_Standing, type User } from "@verbatim/protocol";
import { MemberOrder } from "../../src/text/member-order.ts";

const member = (id: number, name: string, online?: boolean): RoomMember => ({
	user: { id: `u${String(id).padStart(4, "0")}`, name } as User,
	standing: Room_Standing.MEMBER,
	online,
});
const names = (members: readonly RoomMember[]): string => members.map(({ user }) => user.name).join(" ");
const WHOLE = { complete: true, looked: false };
const LOOKED = { complete: true, looked: true };

test("a complete list has those online first, then goes by name", () => {
	const members = [member(1, "dan", true), member(2, "cleo"), member(3, "bob", true), member(4, "ann", false)];
	expect(names(new MemberOrder().arrange(members, WHOLE))).toBe("bob dan ann cleo");
});

test("while a list is visible, changes of presence and members move no row", () => {
	const order = new MemberOrder();
	order.arrange([member(1, "dan", true), member(2, "cleo"), member(3, "bob", true), member(4, "ann")], WHOLE);
	const later = [member(1, "dan", false), member(2, "cleo", true), member(3, "bob", true), member(5, "amy", true)];
	expect(names(order.arrange(later, LOOKED))).toBe("amy bob dan cleo");
	expect(names(order.arrange(later, WHOLE))).toBe("amy bob cleo dan");
});

test("a list opened in part keeps the order of its pages when the rest is loaded", () => {
	const order = new MemberOrder();
	const first = [member(1, "dan", true), member(2, "cleo"), member(3, "bob")];
	expect(names(order.arrange(first, { complete: false, looked: true }))).toBe("dan cleo bob");
	expect(names(order.arrange([member(4, "ann"), ...first], WHOLE))).toBe("dan cleo bob ann");
	expect(order.isOfPages).toBe(true);
	// Opened anew.
	expect(names(new MemberOrder().arrange([member(4, "ann"), ...first], WHOLE))).toBe("dan ann bob cleo");
});

test("a large room is ordered by name alone", () => {
	const many = Array.from({ length: 150 }, (_, n) => member(n, `member ${String(150 - n).padStart(3, "0")}`, n === 0));
	const [first] = new MemberOrder().arrange(many, WHOLE);
	expect(first?.user.name).toBe("member 001");
});
