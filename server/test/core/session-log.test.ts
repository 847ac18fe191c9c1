import { describe, expect, test } from "bun:test";
import { Harness } from "./harness.ts";
import { join, say } from "./helpers.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Lines of this message, at `info`. */
function lines(harness: Harness, msg: string): Fields[] {
	return harness.logged.filter((line) => line.level === "info" && line.msg === msg).map(({ fields }) => fields as Fields);
}

describe("the log of sessions", () => {
	test("a refusal is logged with trace, session, user, command and code, and no text of a message", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const session = ann.received[0]?.body;
		ann.put(say("#secret-plans", "nobody may read this"), 7, "trace-7");
		await harness.clock.settle();
		expect(lines(harness, "refused")).toEqual([
			{
				trace: "trace-7",
				session: session?.case === "welcome" ? session.value.session : "no session",
				user: "u-ann",
				address: "192.0.2.1",
				code: "no_such_room",
				command: "send",
				id: 7,
			},
		]);
		expect(JSON.stringify(harness.logged)).not.toContain("nobody may read this");
	});

	test("an undecodable message is logged with its id and trace, as far as they could be read and the trace is valid", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		ann.putText('{"id":7,"trace":"trace-7","dance":{}}');
		ann.putText('{"id":8,"who":{"colour":1},"trace":"trace-8"}');
		ann.putText('{"id":9,"trace":"two\\nlines","dance":{}}');
		await harness.clock.settle();
		expect(ann.received.slice(-3).map(({ id, body }) => [id, body.case === "failure" ? body.value.trace : body.case])).toEqual([
			[7, "trace-7"],
			[8, "trace-8"],
			[9, ""],
		]);
		expect(lines(harness, "refused")).toMatchObject([
			{ trace: "trace-7", id: 7, code: "unknown_command" },
			{ trace: "trace-8", id: 8, code: "malformed" },
			{ id: 9 },
		]);
	});

	test("a refused log-in by password is logged with the account tried, truncated, and never the password", async () => {
		const harness = new Harness();
		const client = harness.client();
		const login = (name: string) =>
			({ case: "hello", value: { credential: { case: "login", value: { name, password: "a-secret-word" } } } }) as const;
		client.put(login("ann"), 1, "trace-1");
		await harness.clock.settle();
		await client.refusal(login("x".repeat(5_000)));
		const refused = lines(harness, "log-in refused");
		expect(refused[0]).toEqual({
			trace: "trace-1",
			session: expect.stringMatching(/^s/),
			address: "192.0.2.1",
			account: "ann",
			code: "credentials_wrong",
		});
		expect(String(refused[1]?.account)).toHaveLength(65);
		expect(JSON.stringify(harness.logged)).not.toContain("a-secret-word");
	});

	test("a flood of other refusals of the same address hides none of these", async () => {
		const harness = new Harness();
		for (let i = 0; i < 100; i++) await harness.client().refusal({ case: "typing", value: { room: "" } });
		const hello = { credential: { case: "login", value: { name: "ann", password: "a-secret-word" } } } as const;
		await harness.client().refusal({ case: "hello", value: hello });
		expect(lines(harness, "refused").length).toBeLessThan(100);
		expect(lines(harness, "log-in refused")).toHaveLength(1);
	});

	test("a session's end is logged with its reason, age, bytes and counts", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await ann.ask(join("#tea"));
		await ann.refusal(say("#nowhere", "hello"));
		await harness.clock.advance(12_000);
		await ann.lose();
		harness.core.endUser({ id: "u-bob", generation: 1 }, "banned");
		expect(lines(harness, "session begins")).toMatchObject([{ user: "u-ann", format: "test/object", client: "test" }]);
		expect(lines(harness, "session ends")).toEqual([
			{
				session: expect.stringMatching(/^s/),
				user: "u-ann",
				address: "192.0.2.1",
				why: "gone",
				ageMs: 12_000,
				bytesIn: expect.any(Number),
				bytesOut: expect.any(Number),
				commands: 3,
				refused: 1,
			},
		]);
		const bob = await harness.guest("bob2");
		harness.core.endUser({ id: "u-bob2", generation: 1 }, "banned");
		expect(bob.closedAs).toBe("banned");
		expect(lines(harness, "session ends").at(-1)).toMatchObject({ user: "u-bob2", why: "banned" });
	});

	test("executed sends are not logged at info", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await ann.ask(join("#tea"));
		const before = lines(harness, "session begins").length + harness.logged.length;
		for (let i = 0; i < 1_000; i++) ann.put(say("#tea", `number ${i}`));
		await harness.clock.settle();
		expect(lines(harness, "session begins").length + harness.logged.length).toBe(before);
	});

	test("a flood of refusals is counted instead of logged, and the count is complete", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		for (let i = 0; i < 5_000; i++) ann.put(say("#nowhere", "hello"));
		await harness.clock.settle();
		const written = lines(harness, "refused").length;
		expect(written).toBeLessThanOrEqual(50);
		await harness.clock.advance(11_000);
		const told = lines(harness, "lines of this kind were left out");
		expect(told).toEqual([{ kind: "refused: no_such_room", leftOut: 5_000 - written }]);
		await ann.refusal(say("#nowhere", "hello"));
		expect(lines(harness, "refused")).toHaveLength(written + 1);
	});

	test("one client's flood does not hide another's refusal", async () => {
		const harness = new Harness();
		const [ann, bob] = [await harness.guest("ann"), await harness.guest("bob")];
		Object.assign(bob, { address: "198.51.100.7" });
		for (let i = 0; i < 1_000; i++) ann.put(say("#nowhere", "hello"));
		await bob.refusal(say("#nowhere", "hello"));
		expect(lines(harness, "refused").map(({ user }) => user)).toContain("u-bob");
	});

	test("connections that never become sessions are logged, and bounded like refusals", async () => {
		const harness = new Harness();
		for (let i = 0; i < 1_000; i++) await harness.client().lose();
		const told = lines(harness, "connection ends without a session");
		expect(told[0]).toMatchObject({ why: "gone", address: "192.0.2.1" });
		expect(told.length).toBeLessThanOrEqual(50);
	});
});
