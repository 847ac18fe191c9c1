// The tables that both ends share: errors, closes, limits, timing and the life cycle.
import { describe, expect, test } from "bun:test";
import {
	CLOSES,
	type CloseName,
	type ConnectionEvent,
	type ConnectionState,
	checkedLimits,
	closeByCode,
	create,
	DownSchema,
	ERRORS,
	type ErrorCode,
	type ErrorFacts,
	isErrorCode,
	jsonCodec,
	LIFECYCLE,
	LIMITS,
	lifecycleDiagram,
	nextState,
	Refusal,
	TIMING,
	UpSchema,
} from "../src/mod.ts";

describe("errors", () => {
	test.each(Object.entries<ErrorFacts>(ERRORS))(
		"%s has words, a status, and a time only if trying again can help",
		(code, facts) => {
			expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
			expect(facts.message.length).toBeGreaterThan(5);
			expect(facts.status).toBeGreaterThanOrEqual(400);
			expect(facts.status).toBeLessThan(600);
			if (!facts.retry) expect(facts.afterMs).toBe(0);
			// At these well-meaning clients and proxies try again by themselves.
			if (facts.status >= 500 || facts.status === 429) expect(facts.retry).toBe(true);
		},
	);

	test("a refusal has the words and the time of its row, unless it knows better", () => {
		for (const code of Object.keys(ERRORS) as ErrorCode[]) {
			const plain = new Refusal(code);
			expect(plain).toMatchObject({ code, message: ERRORS[code].message, retryAfterMs: ERRORS[code].afterMs });
		}
		expect(new Refusal("busy", "full", 70)).toMatchObject({ message: "full", retryAfterMs: 70 });
	});

	test("only names of the table are codes", () => {
		expect(isErrorCode("busy")).toBe(true);
		expect(isErrorCode("toString")).toBe(false);
		expect(isErrorCode("lunch")).toBe(false);
	});
});

describe("closes", () => {
	test.each(Object.entries(CLOSES))(
		"%s has a code of its own in the range for applications, and words that fit a close frame",
		(name, facts) => {
			expect(facts.code).toBeGreaterThanOrEqual(4000);
			expect(facts.code).toBeLessThan(5000);
			expect(closeByCode(facts.code)).toEqual({ ...facts, name: name as CloseName });
			// RFC 6455 section 5.5: a control frame holds 125 bytes, two of which are the code.
			expect(new TextEncoder().encode(facts.reason).length).toBeLessThanOrEqual(123);
			if (!facts.reconnect) expect(facts.afterMs).toBe(0);
		},
	);

	test("a code that this version does not know is not taken for another", () => {
		expect(closeByCode(4999)).toBeUndefined();
		expect(closeByCode(1000)).toBeUndefined();
	});
});

describe("limits", () => {
	test.each([
		{ textBytesMax: LIMITS.frameBytesMax },
		{ lineBytesMax: LIMITS.textBytesMax },
		{ tokenBytesMax: LIMITS.frameBytesMax },
		{ pageBytesMax: LIMITS.frameDownBytesMax },
		{ roomsPerUserMax: 10_000 },
		{ historyEntriesDefault: LIMITS.historyEntriesMax + 1 },
		{ historyEntriesMax: LIMITS.catchUpEntriesMax + 1 },
	])("%p contradicts the others, and is refused before anything starts", (change) => {
		expect(() => checkedLimits({ ...LIMITS, ...change })).toThrow("limits contradict each other");
	});

	test("a frame holds the worst that one may say, and a page of it", () => {
		const text = "\u0001".repeat(LIMITS.textBytesMax);
		const up = create(UpSchema, {
			id: 0xffff_ffff,
			command: { case: "send", value: { room: "r".repeat(64), cid: '"'.repeat(64), text } },
		});
		expect(jsonCodec.encodeUp(up).length).toBeLessThan(LIMITS.frameBytesMax);
		const user = { id: "u".repeat(27), name: "\u{10400}".repeat(LIMITS.nameCharsMax) };
		// The store counts the text and 128 bytes for each entry.
		const entries = Array.from({ length: Math.floor(LIMITS.pageBytesMax / (LIMITS.textBytesMax + 128)) }, (_, seq) => ({
			seq,
			atMs: 1_763_690_000_000,
			sender: user,
			cid: '"'.repeat(64),
			body: { case: "message" as const, value: { text } },
		}));
		const small = Array.from({ length: LIMITS.historyEntriesMax }, () => ({
			...entries[0],
			body: { case: "joined" as const, value: {} },
		}));
		for (const page of [entries, small]) {
			const down = create(DownSchema, { body: { case: "page", value: { room: "r".repeat(64), entries: page } } });
			expect(Buffer.byteLength(jsonCodec.encodeDown(down))).toBeLessThan(LIMITS.frameDownBytesMax);
		}
	});

	test("the defaults do not contradict each other", () => {
		expect(checkedLimits(LIMITS)).toBe(LIMITS);
	});
});

test("times fit each other: suspected before gone, a frame outlives the handshake's patience, back-off grows", () => {
	expect(TIMING.missedSuspect).toBeLessThan(TIMING.missedOffline);
	expect(TIMING.heartbeatUnsteadyMs).toBeLessThan(TIMING.heartbeatMs);
	expect(TIMING.heartbeatMs).toBeLessThan(TIMING.heartbeatSlowMs);
	expect(TIMING.lineModeAfterMs).toBeLessThan(TIMING.handshakeMs);
	expect(TIMING.reconnectMinMs).toBeLessThan(TIMING.reconnectMaxMs);
});

describe("the life cycle", () => {
	const STATES = Object.keys(LIFECYCLE) as ConnectionState[];

	test("nothing happens twice or out of turn: hello once, commands behind a hello only", () => {
		const leads = (event: ConnectionEvent): ConnectionState[] => STATES.filter((state) => nextState(state, event) !== undefined);
		expect(leads("hello")).toEqual(["open"]);
		expect(leads("welcome")).toEqual(["greeting"]);
		expect(leads("refused")).toEqual(["greeting"]);
		expect(leads("command")).toEqual(["greeting", "live"]);
		expect(leads("close")).toEqual(["open", "greeting", "live"]);
		expect(leads("lost")).toEqual(["open", "greeting", "live", "leaving"]);
	});

	test("every state can be reached, and the end from every state", () => {
		const reached = new Set<ConnectionState>(["open"]);
		for (const state of reached) for (const next of Object.values(LIFECYCLE[state])) reached.add(next);
		expect([...reached].toSorted()).toEqual(STATES.toSorted());
		for (const state of STATES) if (state !== "closed") expect(nextState(state, "lost")).toBe("closed");
		expect(LIFECYCLE.closed).toEqual({});
	});

	test("the diagram has every step of the table", () => {
		const diagram = lifecycleDiagram();
		for (const state of STATES) {
			for (const [event, next] of Object.entries(LIFECYCLE[state])) expect(diagram).toContain(`${state} --> ${next}: ${event}`);
		}
	});
});
