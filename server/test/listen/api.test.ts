// The HTTP API: every route, and every refusal, in the common shape.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { RawSocket } from "./raw-socket.ts";
import { metric, openServer, type TestServer } from "./support.ts";

let server: TestServer;

beforeAll(async () => {
	server = await openServer({ options: { origins: ["https://app.example"] } });
});

afterAll(async () => {
	expect(server.faults).toEqual([]);
	await server[Symbol.asyncDispose]();
});

interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly code: string;
	readonly message: string;
	// biome-ignore lint/suspicious/noExplicitAny: parsed JSON.
	readonly data: any;
}

async function call(
	method: string,
	path: string,
	options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
	const { token, body, headers } = options;
	const response = await fetch(`${server.http}/api/v1${path}`, {
		method,
		headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
		...(body === undefined ? {} : { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
	});
	const whole = (await response.json()) as Record<string, unknown>;
	expect(Object.keys(whole)).toEqual(["code", "message", "data"]);
	expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
	expect(response.headers.get("x-content-type-options")).toBe("nosniff");
	expect(response.headers.get("cache-control")).toBe("no-store");
	return { status: response.status, headers: response.headers, ...whole } as unknown as Answer;
}

async function guest(name: string): Promise<string> {
	const { data } = await call("POST", "/guest", { body: { name } });
	return data.tokens.access;
}

const tea = encodeURIComponent("#tea");

test("register, log in, refresh and guest: each gives valid tokens", async () => {
	const registered = await call("POST", "/register", { body: { name: "rita", password: "a long password" } });
	expect(registered).toMatchObject({ status: 200, code: "ok", message: "", data: { user: { name: "rita" } } });
	const { access, accessExpiresMs, refresh, refreshExpiresMs } = registered.data.tokens;
	expect(accessExpiresMs).toBeGreaterThan(Date.now());
	expect(refreshExpiresMs).toBeGreaterThan(accessExpiresMs);
	const loggedIn = await call("POST", "/login", { body: { name: "rita", password: "a long password" } });
	expect(loggedIn.data.user).toEqual(registered.data.user);
	const refreshed = await call("POST", "/refresh", { body: { refresh } });
	for (const token of [access, loggedIn.data.tokens.access, refreshed.data.tokens.access]) {
		expect(await call("GET", "/rooms", { token })).toMatchObject({ status: 200, code: "ok" });
	}
	expect(await call("GET", "/rooms", { token: await guest("gus") })).toMatchObject({ status: 200 });
});

test("a guest that repeats its key is the same guest; a malformed key is refused", async () => {
	const body = { name: "keyed", key: crypto.randomUUID() };
	const first = await call("POST", "/guest", { body });
	const again = await call("POST", "/guest", { body });
	expect(again.data.user).toEqual(first.data.user);
	expect(await call("GET", "/rooms", { token: again.data.tokens.access })).toMatchObject({ status: 200 });
	expect(await call("POST", "/guest", { body: { name: "keyed" } })).toMatchObject({ status: 409, code: "name_taken" });
	expect(await call("POST", "/guest", { body: { name: "keyed2", key: "short" } })).toMatchObject({
		status: 400,
		code: "invalid",
	});
});

test("a room is created, joined, written, read and left", async () => {
	const ann = await guest("ann");
	const bob = await guest("bob");
	const made = await call("POST", "/rooms", { token: ann, body: { name: "tea" } });
	expect(made).toMatchObject({ status: 200, data: { room: { name: "tea", kind: "PUBLIC", standing: "OWNER" } } });
	const { id } = made.data.room;
	expect(await call("POST", `/rooms/${tea}/join`, { token: bob })).toMatchObject({ status: 200, data: { room: { id } } });
	const sent = await call("POST", `/rooms/${tea}/messages`, { token: bob, body: { text: "hello" } });
	expect(sent).toMatchObject({ status: 200, data: { room: id, seq: 3 } });
	expect(sent.data.cid).toMatch(/^~[0-9a-f]{32}$/);
	const page = await call("GET", `/rooms/${id}/entries?after=2&limit=10`, { token: ann });
	expect(page.data).toMatchObject({ room: id, from: 3, to: 3, head: 3 });
	expect(page.data.entries).toMatchObject([{ seq: 3, sender: { name: "bob" }, cid: sent.data.cid, message: { text: "hello" } }]);
	const firstMember = await call("GET", `/rooms/${tea}/members?limit=1`, { token: bob });
	expect(firstMember.data).toMatchObject({ members: [{}], total: 2, next: firstMember.data.members[0].user.id });
	const lastMember = await call("GET", `/rooms/${tea}/members?limit=1&after=${firstMember.data.next}`, { token: bob });
	expect(lastMember.data).not.toHaveProperty("next");
	expect(lastMember.data.members[0].user.id > firstMember.data.next).toBe(true);
	expect((await call("GET", "/rooms?after=tea", { token: bob })).data).not.toHaveProperty("rooms");
	expect(await call("GET", "/rooms?page=2", { token: bob })).toMatchObject({ status: 400, code: "invalid" });
	const members = await call("GET", `/rooms/${tea}/members`, { token: bob });
	expect(members.data.members.map((member: { user: { name: string } }) => member.user.name).sort()).toEqual(["ann", "bob"]);
	expect((await call("GET", "/rooms", { token: bob })).data.rooms).toMatchObject([{ name: "tea", standing: "MEMBER", head: 3 }]);
	expect(await call("POST", `/rooms/${tea}/leave`, { token: bob })).toMatchObject({ status: 200, data: {} });
	expect(await call("POST", `/rooms/${tea}/messages`, { token: bob, body: { text: "still?" } })).toMatchObject({
		status: 403,
		code: "not_member",
	});
});

test("a private room is found and joined by invitation only", async () => {
	const cat = await guest("cat");
	const dan = await guest("dan");
	const made = await call("POST", "/rooms", { token: cat, body: { name: "den", private: true } });
	expect(made.data.room.kind).toBe("PRIVATE");
	const den = encodeURIComponent("#den");
	expect(await call("POST", `/rooms/${den}/join`, { token: dan })).toMatchObject({ status: 404, code: "no_such_room" });
	expect(await call("POST", `/rooms/${den}/invite`, { token: cat, body: { user: "dan" } })).toMatchObject({ status: 200 });
	expect(await call("POST", `/rooms/${den}/join`, { token: dan, body: { history: 5 } })).toMatchObject({ status: 200 });
});

test("a conversation is addressed by the other user's name", async () => {
	const eve = await guest("eve");
	await guest("fay");
	const sent = await call("POST", "/rooms/@fay/messages", { token: eve, body: { text: "psst" } });
	expect(sent).toMatchObject({ status: 200, data: { seq: 2 } });
	expect((await call("GET", "/rooms/%40fay/entries", { token: eve })).data.entries).toHaveLength(2);
});

test("there is nothing after the largest possible seq", async () => {
	const token = await guest("max");
	await call("POST", "/rooms", { token, body: { name: "brim" } });
	const { status, data } = await call("GET", "/rooms/%23brim/entries?after=4294967295", { token });
	expect(status).toBe(200);
	expect(data).toMatchObject({ from: 4294967295, to: 4294967294, head: 1 });
	expect(data.entries ?? []).toEqual([]);
	expect((await call("GET", "/rooms/%23brim/entries?before=4294967295", { token })).data).toMatchObject({ from: 1, to: 1 });
});

test("the same Idempotency-Key gives the first result, and another text under it is refused", async () => {
	const token = await guest("ida");
	await call("POST", "/rooms", { token, body: { name: "once" } });
	const say = (text: string, key: string): Promise<Answer> =>
		call("POST", "/rooms/%23once/messages", { token, body: { text }, headers: { "idempotency-key": key } });
	const first = await say("once", "key-1");
	expect(first.data).toMatchObject({ seq: 2, cid: "key-1" });
	expect((await say("once", "key-1")).data).toMatchObject({ seq: 2, repeated: true });
	expect((await say("once", '"key-1"')).data).toMatchObject({ seq: 2, repeated: true });
	expect(await say("twice", "key-1")).toMatchObject({ status: 409, code: "cid_reused" });
	expect(await say("x", "k".repeat(65))).toMatchObject({ status: 400, code: "invalid" });
});

test("a send with `behind` is out_of_order until that one is in the log", async () => {
	const token = await guest("bea");
	await call("POST", "/rooms", { token, body: { name: "queue" } });
	const say = (text: string, key: string, behind?: string): Promise<Answer> =>
		call("POST", "/rooms/%23queue/messages", {
			token,
			body: { text, ...(behind === undefined ? {} : { behind }) },
			headers: { "idempotency-key": key },
		});
	expect(await say("second", "q-2", "q-1")).toMatchObject({ status: 409, code: "out_of_order", data: { retry: true } });
	expect((await say("first", "q-1")).data.seq).toBe(2);
	expect((await say("second", "q-2", "q-1")).data.seq).toBe(3);
});

test("a channel's owner renames it", async () => {
	const [owner, other] = [await guest("oona"), await guest("odd")];
	await call("POST", "/rooms", { token: owner, body: { name: "before" } });
	await call("POST", "/rooms/%23before/join", { token: other });
	expect(await call("POST", "/rooms/%23before/rename", { token: other, body: { name: "mine" } })).toMatchObject({
		code: "forbidden",
	});
	expect(await call("POST", "/rooms/%23before/rename", { token: owner, body: { name: "behind" } })).toMatchObject({ data: {} });
	expect((await call("GET", "/rooms/%23behind/entries", { token: other })).data.entries.at(-1).renamed).toEqual({
		name: "behind",
	});
	expect(await call("GET", "/rooms/%23before/entries", { token: other })).toMatchObject({ code: "no_such_room" });
});

test("a page is given around an entry, and around a time", async () => {
	const token = await guest("pia");
	await call("POST", "/rooms", { token, body: { name: "pages" } });
	for (let i = 2; i <= 9; i++) await call("POST", "/rooms/%23pages/messages", { token, body: { text: `${i}` } });
	const page = async (query: string) => (await call("GET", `/rooms/%23pages/entries?limit=3&${query}`, { token })).data;
	expect(await page("around=5")).toMatchObject({ from: 4, to: 6, head: 9 });
	expect(await page("atMs=1")).toMatchObject({ from: 1, to: 3 });
	expect(await page(`atMs=${Date.now() + 60_000}`)).toMatchObject({ from: 7, to: 9 });
	expect(await page("atMs=1.5")).toMatchObject({ from: 1, to: 3 });
	for (const query of ["limit=1&limit=2", "atMs=1&atMs=1", "atMs=1&around=2"])
		expect(await call("GET", `/rooms/%23pages/entries?${query}`, { token })).toMatchObject({ code: "invalid" });
	for (const query of ["atMs=1.", "atMs=x", "around=-1"])
		expect(await call("GET", `/rooms/%23pages/entries?${query}`, { token })).toMatchObject({ code: "malformed" });
});

test("long answers to GET are compressed for clients that accept gzip, short ones and answers with tokens are not", async () => {
	const token = await guest("zoe");
	await call("POST", "/rooms", { token, body: { name: "long" } });
	for (let i = 0; i < 5; i++)
		await call("POST", "/rooms/%23long/messages", { token, body: { text: "word for word ".repeat(50) } });
	const get = async (path: string, acceptEncoding: string, method = "GET", body?: string) => {
		const { hostname, port } = new URL(server.http);
		const raw = await RawSocket.open(Number(port));
		const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
		raw.write(
			`${method} /api/v1${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n` +
				`Accept-Encoding: ${acceptEncoding}\r\nConnection: close\r\n${length}\r\n${body ?? ""}`,
		);
		return (await raw.toEnd()).toLowerCase();
	};
	for (const accept of ["gzip", "br, GZIP;q=0.5", "*"])
		expect(await get("/rooms/%23long/entries", accept)).toContain("content-encoding: gzip");
	for (const accept of ["", "br", "gzip;q=0", "gzip;q=0, *"]) {
		const answer = await get("/rooms/%23long/entries", accept);
		expect(answer).not.toContain("content-encoding");
		expect(answer).toContain("vary: accept-encoding");
		expect(answer).toContain("word for word");
	}
	expect(await get("/rooms/%23long/entries?limit=1&before=2", "gzip")).not.toContain("content-encoding");
	expect(await get("/guest", "gzip", "POST", '{"name":"zac"}')).not.toContain("content-encoding");
	const page = await call("GET", "/rooms/%23long/entries", { token, headers: { "accept-encoding": "gzip" } });
	expect(page.data.entries.at(-1).message.text).toBe("word for word ".repeat(50));
});

test("a bad request is refused with what is wrong", async () => {
	const token = await guest("kim");
	const cases: Array<[string, string, Parameters<typeof call>[2], number, string]> = [
		["GET", "/nowhere", {}, 404, "unknown_command"],
		["GET", "", {}, 404, "unknown_command"],
		["DELETE", "/rooms", { token }, 405, "unknown_command"],
		["GET", "/login", {}, 405, "unknown_command"],
		["GET", "/rooms", {}, 401, "unauthenticated"],
		["GET", "/rooms", { headers: { authorization: "Basic YTpi" } }, 401, "unauthenticated"],
		["GET", "/rooms", { token: "forged" }, 401, "token_invalid"],
		["POST", "/login", { body: { name: "nobody", password: "whatever it is" } }, 401, "credentials_wrong"],
		["POST", "/guest", { body: { name: "kim" } }, 409, "name_taken"],
		["POST", "/guest", { body: { name: "a b" } }, 400, "name_invalid"],
		["POST", "/register", { body: { name: "weak", password: "short" } }, 400, "password_weak"],
		["POST", "/guest", { body: "{" }, 400, "malformed"],
		["POST", "/guest", { body: "[]" }, 400, "malformed"],
		["POST", "/guest", { body: '{"name":"a","name":"b"}' }, 400, "malformed"],
		["POST", "/guest", { body: '{"name":"a","n\\u0061me":"b"}' }, 400, "malformed"],
		["POST", "/guest", { body: '\ufeff{"name":"x"}' }, 400, "malformed"],
		["POST", "/guest", { body: '{"name":null}' }, 400, "malformed"],
		["POST", "/guest", { body: "[".repeat(60_000) }, 400, "malformed"],
		["POST", "/guest", {}, 400, "malformed"],
		["POST", "/guest", { body: { name: 7 } }, 400, "malformed"],
		["POST", "/guest", { body: { name: "x", admin: true } }, 400, "malformed"],
		["POST", "/guest", { body: '{"name": "x", "__proto__": {"admin": true}}' }, 400, "malformed"],
		["POST", "/guest", { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, "bad_utf8"],
		["POST", "/guest", { body: { name: "x".repeat(70_000) } }, 413, "too_large"],
		["POST", "/refresh", { body: { refresh: "" } }, 400, "invalid"],
		["POST", "/rooms/%E0%A4%A/join", { token }, 400, "malformed"],
		["POST", "/rooms/%23none/join", { token }, 404, "no_such_room"],
		["POST", "/rooms/@nobody/messages", { token, body: { text: "hi" } }, 404, "no_such_user"],
		["POST", "/rooms/x/leave", { token, body: { why: "bored" } }, 400, "malformed"],
		["POST", "/rooms/%23tea/join", { token, body: { history: 1.5 } }, 400, "malformed"],
		["POST", "/rooms/%23tea/join", { token, body: { history: -1 } }, 400, "malformed"],
		["POST", "/rooms/%23tea/join", { token, body: { history: 4294967296 } }, 400, "malformed"],
		["POST", "/rooms/%23tea/join", { token, body: { history: 1e300 } }, 400, "malformed"],
		["POST", "/rooms/%23tea/join", { token, body: { history: "5" } }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?limit=many", { token }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?limit=-1", { token }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?limit=1.5", { token }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?atMs=soon", { token }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?before=4294967296", { token }, 400, "malformed"],
		["GET", "/rooms/%23tea/entries?page=1", { token }, 400, "invalid"],
		["GET", "/rooms/%23tea/entries?before=1&after=1", { token }, 400, "invalid"],
		["POST", "/rooms/%23tea/messages", { token, body: { text: "\ud800" } }, 400, "bad_utf8"],
		["POST", "/rooms/%23tea/messages", { token, body: { text: "" } }, 400, "invalid"],
		["POST", "/rooms/%23tea/messages", { token, body: { text: "x".repeat(9_000) } }, 413, "too_large"],
	];
	for (const [method, path, options, status, code] of cases) {
		const answer = await call(method, path, options);
		expect({ method, path, options, ...answer }).toMatchObject({ status, code });
		expect(answer.message).not.toBe("");
	}
	expect((await call("DELETE", "/rooms")).headers.get("allow")).toBe("GET, POST");
});

test("a refresh token is not accepted as an access token, although a hello accepts it", async () => {
	const { data } = await call("POST", "/guest", { body: { name: "rex" } });
	expect(await call("GET", "/rooms", { token: data.tokens.refresh })).toMatchObject({ status: 401, code: "token_invalid" });
});

test("a body of unknown length is read no further than the limit", async () => {
	const raw = await RawSocket.open(server.httpPort);
	raw.write("POST /api/v1/guest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
	for (let n = 0; n < 5; n++) raw.write(chunk);
	await raw.line("HTTP/1.1 413");
	raw.close();
});

test.each(["", "a b", "a b/c?d", "[", "a:b"])(
	"a request with an invalid Host (%p) is refused in the common shape",
	async (host) => {
		const raw = await RawSocket.open(server.httpPort);
		raw.write(`GET /api/v1/rooms?x=1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
		await raw.line("HTTP/1.1 400");
		expect(JSON.parse(await raw.line("{"))).toMatchObject({ code: "malformed", data: { retry: false } });
		raw.close();
	},
);

test("the trace id is the client's, if it sends one", async () => {
	const token = await guest("tom");
	const own = await call("GET", "/rooms", { token, headers: { "x-trace-id": "order-66" } });
	expect(own.headers.get("x-trace-id")).toBe("order-66");
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	const traced = await call("GET", "/rooms", { token, headers: { traceparent: parent } });
	expect(traced.headers.get("x-trace-id")).toBe("0af7651916cd43dd8448eb211c80319c");
	expect((await call("GET", "/nowhere")).headers.get("x-trace-id")).toMatch(/^t[0-9a-z]{26}$/);
});

test("pages of other origins are refused; those of listed origins may read the answers", async () => {
	const foreign = await call("POST", "/guest", { body: { name: "mallory" }, headers: { origin: "https://evil.example" } });
	expect(foreign).toMatchObject({ status: 403, code: "forbidden" });
	expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
	const listed = await call("POST", "/guest", { body: { name: "olga" }, headers: { origin: "https://app.example" } });
	expect(listed.headers.get("access-control-allow-origin")).toBe("https://app.example");
	const preflight = await fetch(`${server.http}/api/v1/rooms`, { method: "OPTIONS", headers: { origin: "https://app.example" } });
	expect(preflight.status).toBe(204);
	expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
});

test("in overload a refusal has Retry-After; the newest entries are still served", async () => {
	const token = await guest("ursa");
	await call("POST", `/rooms/${tea}/join`, { token, body: { create: true } });
	try {
		server.shedding.level = 4;
		const refusals = [
			await call("POST", `/rooms/${tea}/messages`, { token, body: { text: "hello" } }),
			await call("GET", `/rooms/${tea}/entries?after=0`, { token }),
			await call("POST", "/guest", { body: { name: "late" } }),
		];
		for (const { status, code, data, headers } of refusals) {
			expect({ status, code, retry: data.retry }).toEqual({ status: 503, code: "busy", retry: true });
			expect(data.retryAfterMs).toBeGreaterThan(0);
			expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
		}
		expect((await call("GET", `/rooms/${tea}/entries`, { token })).status).toBe(200);
	} finally {
		server.shedding.level = 0;
	}
	expect((await call("POST", `/rooms/${tea}/messages`, { token, body: { text: "hello" } })).status).toBe(200);
});

test("requests beyond the connections of one address are refused with a time to retry", async () => {
	await using crowded = await openServer({ admission: { connectionsPerAddressMax: 1 } });
	const held = new WebSocket(`ws://127.0.0.1:${crowded.httpPort}/ws`);
	await new Promise((resolve) => held.addEventListener("open", resolve));
	const answer = await fetch(`${crowded.http}/api/v1/rooms`);
	expect(answer.status).toBe(503);
	expect(answer.headers.get("retry-after")).toBe("5");
	expect(await answer.json()).toMatchObject({
		code: "busy",
		message: "too many connections from your IP address",
		data: { retry: true, retryAfterMs: 5_000 },
	});
	expect(metric(crowded.metrics, "verbatim_connections_refused_total", "address")).toBe(1);
	held.close();
});

test("sends above the rate limit are refused with a time to retry", async () => {
	await using strict = await openServer({ limits: { sendsPerSecond: 1, sendsBurst: 1 } });
	const post = async (path: string, body: unknown, token = ""): Promise<Response> =>
		fetch(`${strict.http}/api/v1${path}`, {
			method: "POST",
			body: JSON.stringify(body),
			headers: token === "" ? {} : { authorization: `Bearer ${token}` },
		});
	const { data } = (await (await post("/guest", { name: "ann" })).json()) as { data: { tokens: { access: string } } };
	await post("/rooms", { name: "tea" }, data.tokens.access);
	let answer = await post(`/rooms/${tea}/messages`, { text: "hi" }, data.tokens.access);
	for (let n = 0; answer.status === 200 && n < 100; n++)
		answer = await post(`/rooms/${tea}/messages`, { text: "hi" }, data.tokens.access);
	expect(answer.status).toBe(429);
	expect(answer.headers.get("retry-after")).toBe("1");
	expect(await answer.json()).toMatchObject({ code: "rate_limited", data: { retry: true } });
});

test("an internal error is logged under the trace id of its answer, which says nothing else", async () => {
	await using broken = await openServer({ backend: { commands: { run: () => Promise.reject(new Error("secret detail")) } } });
	const made = (await (await fetch(`${broken.http}/api/v1/guest`, { method: "POST", body: '{"name":"ann"}' })).json()) as {
		data: { tokens: { access: string } };
	};
	const answer = await fetch(`${broken.http}/api/v1/rooms`, { headers: { authorization: `Bearer ${made.data.tokens.access}` } });
	expect(answer.status).toBe(500);
	const text = await answer.text();
	expect(text).not.toContain("secret");
	expect(text).toContain(answer.headers.get("x-trace-id") ?? "none");
	expect(broken.faults).toMatchObject([{ trace: answer.headers.get("x-trace-id") }]);
	expect(metric(broken.metrics, "verbatim_faults_total", "http")).toBe(1);
});

test("a draining server refuses further requests as draining", async () => {
	await using stopping = await openServer({ page: async () => undefined });
	const raw = await RawSocket.open(stopping.httpPort);
	raw.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	await raw.line("404");
	stopping.listeners.stopListening();
	await raw.toEnd();
	expect(fetch(stopping.http)).rejects.toThrow();
});

test("refusals over HTTP count with all others, and log-ins and sends by outcome", async () => {
	const count = () => ({
		wrong: metric(server.metrics, "verbatim_logins_total", "credentials_wrong"),
		loggedIn: metric(server.metrics, "verbatim_logins_total", "ok"),
		errors: metric(server.metrics, "verbatim_errors_total", "credentials_wrong"),
		invalid: metric(server.metrics, "verbatim_errors_total", "token_invalid"),
		committed: metric(server.metrics, "verbatim_sends_total", "committed"),
		repeated: metric(server.metrics, "verbatim_sends_total", "repeated"),
		nowhere: metric(server.metrics, "verbatim_sends_total", "no_such_room"),
	});
	const before = count();
	const token = await guest("counter");
	await call("POST", "/login", { body: { name: "counter", password: "guess number one" } });
	await call("GET", "/rooms", { token: "nonsense" });
	await call("POST", `/rooms/${encodeURIComponent("#counted")}/join`, { token, body: { create: true } });
	const send = (room: string, key: string) =>
		call("POST", `/rooms/${encodeURIComponent(room)}/messages`, {
			token,
			body: { text: "hello" },
			headers: { "idempotency-key": key },
		});
	for (const room of ["#counted", "#counted", "#nowhere"]) await send(room, room);
	const after = count();
	const risen = Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]);
	expect(Object.fromEntries(risen)).toEqual({
		wrong: 1,
		loggedIn: 1,
		errors: 1,
		invalid: 1,
		committed: 1,
		repeated: 1,
		nowhere: 1,
	});
});
