// A cid is answered once: copies of a send that was refused for good, in whatever order and over whatever connection they come.
import { describe, expect, test } from "bun:test";
import { type Command, ERRORS, Refusal, Room_Kind } from "@verbatim/protocol";
import type { UserRecord } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { joined, say, texts } from "./helpers.ts";

const leave = (room: string): Command => ({ case: "leave", value: { room } });
const rename = (room: string, name: string): Command => ({ case: "rename", value: { room, name } });

/** Two connections of one user, the one made earlier first, and the room "tea", of which that user is no member. */
async function inTea(harness: Harness): Promise<{ host: TestClient; id: string; older: TestClient; newer: TestClient }> {
	const host = await harness.guest("host");
	const { id } = await joined(host, "#tea");
	return { host, id, older: await harness.guest("ann"), newer: await harness.guest("ann") };
}

describe("copies of a send that was refused for good", () => {
	test.each(["older", "newer"] as const)(
		"are refused alike on each connection of the user, whichever was made first: refused on the %s",
		async (which) => {
			const harness = new Harness();
			const all = await inTea(harness);
			const { host, id } = all;
			const [first, other] = which === "older" ? [all.older, all.newer] : [all.newer, all.older];
			expect(await first.refusal(say(id, "hello", "c1"))).toBe("not_member");
			await joined(first, "#tea");
			// As often as it stands there.
			for (let copies = 0; copies < 3; copies++) expect(await other.refusal(say(id, "hello", "c1"))).toBe("not_member");
			expect(await first.refusal(say(id, "hello", "c1"))).toBe("not_member");
			expect(texts(host, id)).toEqual([]);
			await first.want("sent", say(id, "hello", "c2"));
			expect(await other.want("sent", say(id, "hello", "c2"))).toMatchObject({ repeated: true });
			expect(texts(host, id)).toEqual(["hello"]);
		},
	);

	test("are refused alike by the HTTP API, and after the connection is gone", async () => {
		const harness = new Harness();
		const { host, id, older, newer } = await inTea(harness);
		expect(await newer.refusal(say(id, "hello", "c1"))).toBe("not_member");
		await joined(older, "#tea");
		await newer.lose();
		const user = (await harness.store.user("u-ann")) as UserRecord;
		const over = (command: Command) =>
			harness.core.commands
				.run({ user }, command as never, "")
				.then(({ case: answer }) => answer)
				.catch((cause: unknown) => (cause instanceof Refusal ? cause.code : "internal"));
		const copy = over(say(id, "hello", "c1"));
		await harness.clock.settle();
		expect(await copy).toBe("not_member");
		const own = over(say("#nowhere", "hello", "c2"));
		await harness.clock.settle();
		expect(await own).toBe("no_such_room");
		expect(await older.refusal(say(id, "hello", "c2"))).toBe("no_such_room");
		expect(texts(host, id)).toEqual([]);
	});

	test("are refused alike when the room or the user of the name is there by now", async () => {
		const harness = new Harness();
		const { host, id, older, newer } = await inTea(harness);
		await joined(older, "#tea");
		expect(await newer.refusal(say("#pub", "hello", "c1"))).toBe("no_such_room");
		expect(await newer.refusal(say("@bob", "hello", "c2"))).toBe("no_such_user");
		await host.want("done", rename(id, "pub"));
		const bob = await harness.guest("bob");
		expect(await older.refusal(say("#pub", "hello", "c1"))).toBe("no_such_room");
		expect(await older.refusal(say("@bob", "hello", "c2"))).toBe("no_such_user");
		expect(texts(host, id)).toEqual([]);
		// Nothing was opened for it either.
		expect(bob.pushed("roomAdded")).toEqual([]);
	});

	test("are refused alike when the conversation could be opened by now", async () => {
		const harness = new Harness({ limits: { roomsPerUserMax: 1 } });
		const { id, older, newer } = await inTea(harness);
		const bob = await harness.guest("bob");
		await joined(newer, "#tea");
		expect(await newer.refusal(say("@bob", "hello", "c1"))).toBe("too_many_rooms");
		await newer.want("done", leave(id));
		expect(await older.refusal(say("@bob", "hello", "c1"))).toBe("too_many_rooms");
		expect(bob.pushed("roomAdded")).toEqual([]);
		await older.want("sent", say("@bob", "hello", "c2"));
	});

	test("that is in the log is answered with its entry only where that was said; elsewhere alike, whatever is there", async () => {
		const harness = new Harness();
		const { host, id, older, newer } = await inTea(harness);
		await joined(newer, "#tea");
		const den = await host.want("joined", { case: "create", value: { name: "#den", kind: Room_Kind.PRIVATE } });
		await joined(host, "#pub");
		const bob = await harness.guest("bob");
		const { room, seq } = await newer.want("sent", say("#tea", "hello", "c1"));
		for (const name of ["#tea", id]) {
			expect(await older.want("sent", say(name, "hello", "c1"))).toMatchObject({ room, seq, repeated: true });
		}
		const others = ["#den", den.room?.id ?? "", "#pub", "#nobody", "r-nobody", "@bob", "@nobody"];
		for (const name of others) {
			for (const text of ["hello", "other words"]) {
				const failure = await older.want("failure", say(name, text, "c1"));
				expect(failure).toMatchObject({ code: "cid_reused", message: ERRORS.cid_reused.message, retry: false });
			}
		}
		expect(bob.pushed("roomAdded")).toEqual([]);
		expect(texts(host, id)).toEqual(["hello"]);
	});

	test("that is in a direct conversation is answered with its entry by the user's name as by the id", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await harness.guest("bob");
		const { room, seq } = await ann.want("sent", say("@bob", "hello", "c1"));
		for (const name of ["@bob", room]) {
			expect(await ann.want("sent", say(name, "hello", "c1"))).toMatchObject({ room, seq, repeated: true });
		}
		expect(await ann.refusal(say("@bob", "other words", "c1"))).toBe("cid_reused");
	});

	test("by a name that the room has lost are not said again, and not acknowledged; by its id they are", async () => {
		const harness = new Harness();
		const { host, id, older, newer } = await inTea(harness);
		await joined(newer, "#tea");
		const { room, seq } = await newer.want("sent", say("#tea", "hello", "c1"));
		await host.want("done", rename(id, "pub"));
		expect(await older.refusal(say("#tea", "hello", "c1"))).toBe("cid_reused");
		await host.want("joined", { case: "create", value: { name: "#tea", kind: Room_Kind.PUBLIC } });
		expect(await older.refusal(say("#tea", "hello", "c1"))).toBe("cid_reused");
		for (const name of ["#pub", id]) {
			expect(await older.want("sent", say(name, "hello", "c1"))).toMatchObject({ room, seq, repeated: true });
		}
		expect(texts(host, id)).toEqual(["hello"]);
	});

	test("what no message can be said to leaves the cid free", async () => {
		const harness = new Harness();
		const { host, id, newer } = await inTea(harness);
		await joined(newer, "#tea");
		expect(await newer.refusal(say("#no such name", "hello", "c1"))).toBe("name_invalid");
		await newer.want("sent", say(id, "hello", "c1"));
		expect(texts(host, id)).toEqual(["hello"]);
	});

	test("tell that they were refused before, and what to do", async () => {
		const harness = new Harness();
		const { id, older, newer } = await inTea(harness);
		const { message } = await newer.want("failure", say(id, "hello", "c1"));
		expect(message).toBe(ERRORS.not_member.message);
		expect((await older.want("failure", say(id, "hello", "c1"))).message).toMatch(/refused so before; .* take a new one/);
		await joined(newer, "#tea");
		const behind = await newer.want("failure", say(id, "next", "c2", "c1"));
		expect(behind).toMatchObject({ code: "out_of_order", message: expect.stringMatching(/name the one before that, or none/) });
		await newer.want("sent", say(id, "next", "c2"));
	});

	test("a send that is out of order opens no conversation", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		expect(await ann.refusal(say("@bob", "second", "c2", "c1"))).toBe("out_of_order");
		expect(bob.pushed("roomAdded")).toEqual([]);
		const { room } = await ann.want("sent", say("@bob", "first", "c1"));
		await ann.want("sent", say("@bob", "second", "c2", "c1"));
		expect(texts(ann, room)).toEqual(["first", "second"]);
	});

	test("that was refused for now are carried out", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 1, sendsBurst: 1 } });
		const { host, id, older, newer } = await inTea(harness);
		await joined(newer, "#tea");
		await newer.want("sent", say(id, "1", "c1"));
		expect(await newer.refusal(say(id, "2", "c2"))).toBe("rate_limited");
		await harness.clock.advance(1_000);
		expect(await newer.refusal(say(id, "3", "c3", "c2"))).toBe("out_of_order");
		for (const [text, cid, behind] of [
			["2", "c2"],
			["3", "c3", "c2"],
		] as const) {
			await harness.clock.advance(1_000);
			await older.want("sent", say(id, text, cid, behind));
		}
		expect(texts(host, id)).toEqual(["1", "2", "3"]);
	});
});
