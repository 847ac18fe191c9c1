import { expect, test } from "bun:test";
import { RefusedError, TransportError } from "@verbatim/client";
import { createSession } from "../../src/state/session.ts";
import { safeStorage, type TextStorage } from "../../src/state/storage.ts";
import { ann } from "../support/entries.ts";
import { FakeClient } from "../support/fake-client.ts";

const nowhere = (): TextStorage =>
	safeStorage(() => {
		throw new Error("nothing is kept");
	});

const taken = new RefusedError({ code: "name_taken", message: "", retry: false, retryAfterMs: 0, trace: "" });
const connecting = { state: "connecting", attempt: 1, endpoint: "" } as const;

test("a known user resumes without a form, even while the server is unreachable", () => {
	const fake = new FakeClient();
	fake.status = connecting;
	const session = createSession(fake.client, nowhere());
	expect(session.phase.value.phase).toBe("starting");
	fake.become({ state: "waiting", attempt: 1, retryAtMs: 0, why: new TransportError("away") });
	expect(session.phase.value.phase).toBe("starting");
	fake.welcome(ann);
	expect(session.phase.value.phase).toBe("signedIn");
	fake.become(connecting);
	expect(session.phase.value.phase).toBe("signedIn");
});

test("the form stays while the answer is awaited, and after a refusal", async () => {
	const fake = new FakeClient();
	const session = createSession(fake.client, nowhere());
	expect(session.phase.value.phase).toBe("signedOut");
	fake.refuseWith = taken;
	const tried = session.signIn({ guest: "ann" }, new AbortController().signal);
	fake.become(connecting);
	expect(session.phase.value.phase).toBe("signedOut");
	expect(await tried.catch((error: unknown) => error)).toBe(taken);
	expect(session.phase.value.phase).toBe("signedOut");
	fake.welcome(ann);
	expect(session.phase.value.phase).toBe("signedIn");
});

test("an identity that is refused for good leads to the form, with the reason", () => {
	const fake = new FakeClient();
	const session = createSession(fake.client, nowhere());
	fake.welcome(ann);
	fake.become({ state: "stopped", why: taken });
	expect(session.phase.value).toEqual({
		phase: "signedOut",
		why: "This name, or one that looks like it, is taken; choose another",
	});
});

test("signing out leads to the form", async () => {
	const fake = new FakeClient();
	const session = createSession(fake.client, nowhere());
	fake.welcome(ann);
	await session.signOut();
	expect(session.phase.value).toEqual({ phase: "signedOut" });
});

test("signing in waits as long as the server is unreachable, until it is cancelled, which leaves no user", async () => {
	const fake = new FakeClient();
	const session = createSession(fake.client, nowhere());
	fake.waits = true;
	const control = new AbortController();
	const tried = session.signIn({ guest: "ann" }, control.signal).catch(() => "cancelled");
	fake.become(connecting);
	expect(fake.timeoutsMs).toEqual([Number.POSITIVE_INFINITY]);
	control.abort();
	expect(await tried).toBe("cancelled");
	expect(fake.status).toEqual({ state: "idle" });
	expect(session.phase.value).toEqual({ phase: "signedOut" });
});
