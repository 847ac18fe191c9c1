import { expect, test } from "bun:test";
import { ConnectError, RefusedError, ServerClosedError, type Status, TransportError } from "@verbatim/client";
import { create, type Entry, EntrySchema, Room_Kind } from "@verbatim/protocol";
import { connectionNotice, errorWords, isIdentityRefused, noticeOf, typingWords, unsentWords } from "../../src/text/words.ts";
import { ann, bob } from "../support/entries.ts";

const entry = (body: Entry["body"]): Entry => create(EntrySchema, { seq: 1, sender: ann, body: body as never });
const refused = (code: string, more: Partial<{ retryAfterMs: number; trace: string }> = {}): RefusedError =>
	new RefusedError({ code, message: "", retry: more.retryAfterMs !== undefined, retryAfterMs: 0, trace: "", ...more });

test("every entry of a room has a text", () => {
	const said = (body: unknown): string => noticeOf(entry(body as Entry["body"]));
	expect(said({ case: "joined", value: {} })).toBe("ann joined");
	expect(said({ case: "left", value: { reason: "" } })).toBe("ann left");
	expect(said({ case: "left", value: { reason: "expired" } })).toBe("ann left (expired)");
	expect(said({ case: "renamed", value: { name: "mate" } })).toBe("ann renamed the room to #mate");
	expect(said({ case: "invited", value: { user: bob } })).toBe("ann invited bob");
	expect(said({ case: "created", value: { kind: Room_Kind.PUBLIC, name: "tea" } })).toBe("ann created #tea");
	expect(said({ case: "created", value: { kind: Room_Kind.DIRECT, name: "" } })).toBe("ann began this conversation");
	expect(said({ case: undefined })).toContain("too old to show");
});

test("a pending send shows the reason of its last refusal, also while it is retried", () => {
	expect(unsentWords({ state: "waiting" })).toBe("Waiting to be sent");
	expect(unsentWords({ state: "sent" })).toBe("Sent, not yet acknowledged");
	const refusal = refused("unavailable", { retryAfterMs: 400 });
	for (const state of ["waiting", "sent"] as const)
		expect(unsentWords({ state, refusal })).toBe(
			"Not sent yet: the server cannot store anything just now; nothing was lost. It is tried again by itself.",
		);
});

test("an error shows the server's message, with when to retry and the trace of the server's own fault", () => {
	expect(errorWords(refused("name_taken"))).toBe("This name, or one that looks like it, is taken; choose another");
	expect(errorWords(refused("rate_limited", { retryAfterMs: 400 }))).toBe("Slow down, try again in 0.4 s");
	expect(errorWords(refused("internal", { trace: "t-1" }))).toContain("(trace t-1)");
});

test("the connection is shown only when it is not well, with why, when, and what the user can do", () => {
	const live: Status = { state: "live", endpoint: "", sinceMs: 0, suspect: false, behind: false };
	expect(connectionNotice(live, 0)).toBeUndefined();
	// Three seconds without an answer may be transient: shown if it lasts.
	expect(connectionNotice({ ...live, suspect: true }, 0)?.mild).toBe(true);
	expect(connectionNotice({ ...live, behind: true }, 0)?.words).toContain("Catching up");
	const waiting: Status = { state: "waiting", attempt: 3, retryAtMs: 9_500, why: new TransportError("the network is away") };
	expect(connectionNotice(waiting, 5_000)).toEqual({
		words: "Reconnecting in 5 s",
		why: "The network is away",
		offer: "now",
		mild: false,
	});
	// The wait is shown once, as a countdown, and not in the server's message again.
	const busy = refused("busy", { retryAfterMs: 5_000 });
	const unavailable = new ConnectError("unavailable", "chat.example", busy.message, { cause: busy });
	for (const why of [busy, unavailable]) {
		expect(connectionNotice({ ...waiting, why }, 5_000, false)).toMatchObject({
			words: "Trying again in 5 s",
			why: "The server has no room for more just now; try again",
		});
	}
	expect(connectionNotice({ state: "stopped", why: "closed" }, 0)?.offer).toBe("reload");
});

test("only a refused identity leads back to signing in", () => {
	expect(isIdentityRefused({ state: "stopped", why: refused("token_expired") })).toBe(true);
	expect(isIdentityRefused({ state: "stopped", why: new ServerClosedError(4101, "") })).toBe(true);
	expect(isIdentityRefused({ state: "stopped", why: new ServerClosedError(4100, "") })).toBe(false);
	expect(isIdentityRefused({ state: "stopped", why: "closed" })).toBe(false);
});

test("typing users are named, up to two", () => {
	const cleo = { ...ann, id: "u-cleo", name: "cleo" };
	expect(typingWords([])).toBe("");
	expect(typingWords([ann])).toBe("ann is writing…");
	expect(typingWords([ann, bob])).toBe("ann and bob are writing…");
	expect(typingWords([ann, bob, cleo])).toBe("ann, bob and one other are writing…");
});
