// Flooding connections: each is throttled or ended, with a reason, and others are not delayed. Their cost in time is
// measured by `npm run overload`.
import { afterEach, describe, expect, test } from "bun:test";
import { CLOSES, type Command } from "@verbatim/protocol";
import { OPCODE, webSocketFrame } from "@verbatim/testkit/framing";
import { WAYS, type Way, WirePeer } from "@verbatim/testkit/wire-peer";
import { RawSocket } from "./raw-socket.ts";
import { metric, NO_HURRY, openServer, type ServerSettings, type TestServer } from "./support.ts";

let server: TestServer;
const peers: WirePeer[] = [];

afterEach(async () => {
	for (const peer of peers.splice(0)) peer.close();
	await server[Symbol.asyncDispose]();
	expect(server.faults).toEqual([]);
});

const PING: Command = { case: "ping", value: { nonce: 7, intervalMs: 0 } };
const hello = (name: string): Command => ({
	case: "hello",
	value: { credential: { case: "guest", value: { name } }, client: "test", cursors: [] },
});

async function open(limits: ServerSettings["limits"] = {}): Promise<void> {
	server = await openServer({ limits: { ...limits }, timing: NO_HURRY });
}

async function unauthenticated(way: Way): Promise<WirePeer> {
	const peer = await WirePeer.open(server, way);
	peers.push(peer);
	return peer;
}

/** A guest in the room `#tea`. */
async function guest(way: Way, name: string): Promise<WirePeer> {
	const peer = await unauthenticated(way);
	expect(await peer.ask(hello(name))).toMatchObject({ case: "welcome" });
	expect(await peer.ask({ case: "join", value: { room: "#tea", create: true, history: 1 } })).toMatchObject({ case: "joined" });
	return peer;
}

/** Sends many messages in one write. */
function flood(peer: WirePeer, commands: readonly Command[], fromId = 1_000): void {
	peer.sendBytes(Buffer.concat(commands.map((command, i) => peer.frameOf(peer.bodyOf(command, fromId + i)))));
}

const throttled = (why: string): number => metric(server.metrics, "verbatim_connections_throttled_total", why);

describe.each(WAYS)("over %s", (way) => {
	test("a connection that sends pings and no hello is closed as protocol", async () => {
		await open({ unauthenticatedRefusalsMax: 10 });
		const peer = await unauthenticated(way);
		flood(peer, Array<Command>(500).fill(PING));
		expect((await peer.end()).close).toMatchObject({ code: CLOSES.protocol.code, reconnect: false });
		expect(peer.downs.filter(({ body }) => body.case === "pong").length).toBe(11);
		expect(throttled("unauthenticated")).toBe(1);
	});

	test("an address with too many refusals before a welcome is refused with a time to retry", async () => {
		await open({ unauthenticatedRefusalsPerAddressBurst: 20, unauthenticatedRefusalsPerAddressPerSecond: 0.001 });
		for (let i = 0; i < 2; i++) {
			const peer = await unauthenticated(way);
			for (let id = 1; id <= 10; id++) peer.say({ case: "rooms", value: {} }, id);
			await peer.until((down) => down.id === 10, "the last refusal");
		}
		const third = await unauthenticated(way);
		third.say({ case: "rooms", value: {} }, 1);
		const { close } = await third.end();
		expect(close).toMatchObject({ code: CLOSES.busy.code, reconnect: true });
		expect(close?.retryAfterMs).toBeGreaterThan(1_000);
		// A well-behaved client from the same address is admitted.
		await guest(way, "ann");
	});

	test("many malformed messages close the connection as protocol; a few are answered and do not", async () => {
		await open({ malformedBurst: 10, malformedPerSecond: 0.001 });
		const peer = await guest(way, "ann");
		const nonsense = way.endsWith("json") ? "nonsense" : Uint8Array.of(7, 7, 7);
		for (let i = 0; i < 10; i++) peer.sendBody(nonsense);
		expect(await peer.ask({ case: "rooms", value: {} })).toMatchObject({ case: "roomList" });
		expect(peer.downs.filter(({ body }) => body.case === "failure")).toHaveLength(10);
		peer.sendBody(nonsense);
		expect((await peer.end()).close).toMatchObject({ code: CLOSES.protocol.code });
		expect(throttled("malformed")).toBe(1);
	});

	test("after many refusals a connection is not read for a while, and is then answered in order", async () => {
		await open({ refusalsBurst: 20, refusalsPerSecond: 400 });
		const peer = await guest(way, "ann");
		const asks = Array.from(
			{ length: 300 },
			(_, i): Command =>
				i % 2 === 0 ? PING : { case: "history", value: { room: "#nowhere", before: 0, after: 0, first: false, limit: 1 } },
		);
		flood(peer, asks);
		const other = await guest(way, "bob");
		expect(await other.ask(PING)).toMatchObject({ case: "pong" });
		await peer.until((down) => down.id === 1_299, "the last answer");
		const pongs = peer.downs.filter(({ body }) => body.case === "pong").map(({ id }) => id);
		expect(pongs).toEqual(Array.from({ length: 150 }, (_, i) => 1_000 + 2 * i));
		expect(throttled("refusals")).toBeGreaterThan(0);
		expect(peer.ended).toBe(false);
	});

	test("messages beyond a turn's share are processed in later turns, complete and in order, with others in between", async () => {
		await open({ turnBytesMax: 512 });
		const peer = await guest(way, "ann");
		const other = await guest(way, "bob");
		const sends = Array.from(
			{ length: 2_000 },
			(_, i): Command => ({
				case: "send",
				value: { room: "#tea", cid: `c${i}`, text: `${i}`, behind: "" },
			}),
		);
		flood(peer, sends);
		expect(await other.ask({ case: "send", value: { room: "#tea", cid: "b", text: "me too", behind: "" } })).toMatchObject({
			case: "sent",
		});
		await peer.until((down) => down.id === 1_299, "the last answer");
		const seqs = peer.downs.flatMap(({ body }) => (body.case === "sent" ? [body.value.seq] : []));
		expect(seqs).toHaveLength(300);
		expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
		expect(throttled("turn")).toBeGreaterThan(0);
	});

	test("before the welcome a frame may be no longer than a hello", async () => {
		await open();
		const [early, member] = [await unauthenticated(way), await guest(way, "ann")];
		const long = way.endsWith("json") ? "x".repeat(60_000) : new Uint8Array(60_000).fill(7);
		member.sendBody(long);
		expect(await member.until(({ body }) => body.case === "failure", "the refusal")).toMatchObject({
			body: { value: { code: "malformed" } },
		});
		early.sendBody(long);
		expect((await early.end()).close).toMatchObject({ code: CLOSES.too_large.code });
	});
});

describe("over a WebSocket", () => {
	test("more messages than may wait close the connection as busy", async () => {
		await open({ refusalsBurst: 1, refusalsPerSecond: 1, heldMessagesMax: 256 });
		const peer = await guest("ws/json", "ann");
		flood(peer, Array<Command>(1_000).fill(PING));
		expect((await peer.end()).close).toMatchObject({ code: CLOSES.busy.code, reconnect: true });
		expect(throttled("held")).toBe(1);
	});

	test("WebSocket's own pings are charged like others", async () => {
		await open({ unauthenticatedRefusalsMax: 10 });
		const peer = await unauthenticated("ws/json");
		peer.sendBytes(Buffer.concat(Array(100).fill(webSocketFrame(OPCODE.ping, Buffer.from("?")))));
		expect((await peer.end()).close).toMatchObject({ code: CLOSES.protocol.code });
	});
});

describe("in line mode", () => {
	test("many refusals before a name is chosen close the connection", async () => {
		await open({ unauthenticatedRefusalsMax: 10 });
		const peer = await RawSocket.open(server.tcpPort);
		peer.write("hello?\n".repeat(200));
		const heard = await peer.toEnd();
		expect(heard.match(/^! unauthenticated choose a name first/gm)).toHaveLength(11);
		expect(heard).toEndWith("! unauthenticated too much was said before a name was chosen; connect again\n");
	});

	test("after many empty lines a connection is not read for a while, and then its lines are executed", async () => {
		await open({ refusalsBurst: 20, refusalsPerSecond: 400 });
		const peer = await RawSocket.open(server.tcpPort);
		peer.write(`/nick ann\n/join tea\n${"/dance\n\n".repeat(100)}hello\n`);
		await peer.line(/^#tea \d+ <ann> hello$/);
		expect(throttled("refusals")).toBeGreaterThan(0);
		peer.close();
	});
});

test("refused names in line mode are charged, before a log-in and after", async () => {
	await open({ refusalsBurst: 20, refusalsPerSecond: 400, unauthenticatedRefusalsMax: 4 });
	const nameless = await RawSocket.open(server.tcpPort);
	nameless.write("/nick -\n".repeat(50));
	const heard = await nameless.toEnd();
	expect(heard.match(/^! name_invalid/gm)?.length).toBeLessThanOrEqual(5);
	const named = await RawSocket.open(server.tcpPort);
	named.write(`/nick ann\n/join tea\n${"/nick -\n".repeat(100)}hello\n`);
	await named.line(/^#tea \d+ <ann> hello$/);
	expect(throttled("refusals")).toBeGreaterThan(0);
	named.close();
});

test("refused requests on one HTTP connection are slowed to the rate of an address", async () => {
	server = await openServer({ admission: { refusalsPerAddress: { perSecond: 0.1, burst: 5 } }, timing: NO_HURRY });
	const peer = await RawSocket.open(server.httpPort);
	peer.write("GET /api/v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200));
	// The runtime closes a connection that sends a request while an answer is delayed.
	const heard = await peer.toEnd();
	expect(heard.match(/HTTP\/1\.1 404/g)?.length ?? 0).toBeLessThanOrEqual(6);
});
