// What a server's log tells of requests and sessions, as it comes out of the process.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { ServerProcess } from "@verbatim/testkit";
import { verbatim } from "./run.ts";

const TEXT = "for the eyes of the room alone";
const SECRET = "a-secret-in-the-query";

describe("the log of a server", () => {
	let server: ServerProcess;
	beforeAll(async () => {
		server = await ServerProcess.prepare();
		await server.start();
	}, 60_000);
	afterAll(() => server.remove());

	/** The line for which `holds`, once it was written. */
	const line = async (holds: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> => {
		for (;;) {
			const written = server.printed.split("\n").slice(0, -1);
			const parsed = written.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text) as Record<string, unknown>);
			const found = parsed.find(holds);
			if (found) return found;
			await Bun.sleep(10);
		}
	};

	test("a request of the API is a line with trace, user, method, path, status, bytes, time and address, without its query", async () => {
		const guest = await fetch(`${server.http}/api/v1/guest`, { method: "POST", body: JSON.stringify({ name: "ann" }) });
		const { data } = (await guest.json()) as { data: { user: { id: string }; tokens: { access: string } } };
		const answer = await fetch(`${server.http}/api/v1/rooms`, {
			headers: { authorization: `Bearer ${data.tokens.access}`, "x-trace-id": "trace-of-rooms" },
		});
		const body = await answer.text();
		expect(await line(({ trace }) => trace === "trace-of-rooms")).toEqual({
			level: "info",
			time: expect.any(String),
			trace: "trace-of-rooms",
			user: data.user.id,
			method: "GET",
			path: "/api/v1/rooms",
			status: answer.status,
			bytes: Buffer.byteLength(body),
			ms: expect.any(Number),
			address: "127.0.0.1",
			msg: "request",
		});
		expect(server.printed).not.toContain(data.tokens.access);
	}, 60_000);

	test("a refused request has its code, the page is a line, and so is an upgrade", async () => {
		await fetch(`${server.http}/api/v1/rooms?token=${SECRET}`, { headers: { "x-trace-id": "nobody" } });
		expect(await line(({ trace }) => trace === "nobody")).toMatchObject({ path: "/api/v1/rooms", status: 400, code: "invalid" });
		await fetch(`${server.http}/?token=${SECRET}`);
		expect(await line(({ path, status }) => path === "/" && status === 200)).toMatchObject({
			method: "GET",
			bytes: expect.any(Number),
		});
		await verbatim(["send", "tea", TEXT, "--guest", "bob", "--server", `${server.webSocket}?token=${SECRET}`]);
		expect(await line(({ status }) => status === 101)).toMatchObject({ path: "/ws", address: "127.0.0.1" });
	}, 60_000);

	test("every answer over HTTP names its trace: the page, what is not there, and an upgrade", async () => {
		const page = await fetch(`${server.http}/`, { headers: { "x-trace-id": "trace-of-page" } });
		expect(page.headers.get("x-trace-id")).toBe("trace-of-page");
		const nothing = await fetch(`${server.http}/nothing-here`);
		const trace = nothing.headers.get("x-trace-id");
		expect(await line((each) => each.trace === trace)).toMatchObject({ path: "/nothing-here", status: 404 });
		const headers = {
			upgrade: "websocket",
			connection: "upgrade",
			"sec-websocket-version": "13",
			"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
			"x-trace-id": "trace-of-upgrade",
		};
		const request = get(`${server.http}/ws`, { headers });
		const upgraded = await new Promise<IncomingMessage>((resolve, reject) => {
			request.on("upgrade", (response, socket) => {
				socket.destroy();
				resolve(response);
			});
			request.on("error", reject);
			request.on("response", resolve);
		});
		expect([upgraded.statusCode, upgraded.headers["x-trace-id"]]).toEqual([101, "trace-of-upgrade"]);
		expect(await line((each) => each.trace === "trace-of-upgrade")).toMatchObject({ path: "/ws", status: 101 });
	}, 60_000);

	test("in line mode a refused log-in is no end of a session; a connection that nobody came in on has its end, and who came in has its bytes", async () => {
		const say = async (text: string): Promise<void> => {
			const socket = connect(server.tcpPort, "127.0.0.1", () => socket.end(text));
			socket.resume();
			await once(socket, "close");
		};
		await say("/login eve wrong-password\n/login eve wrong-again\n");
		expect(await line(({ account }) => account === "eve")).toMatchObject({ msg: "log-in refused", code: "credentials_wrong" });
		const ends = await line(({ msg, session }) => msg === "connection ends without a session" && session === undefined);
		expect(ends).toMatchObject({ address: "127.0.0.1", why: "gone", bytesIn: 49, commands: 2, refused: 2 });
		await say("/nick lina\n/join tea\nhello\n");
		const { user } = await line(({ msg, format }) => msg === "session begins" && format === "line");
		expect(await line((each) => each.msg === "session ends" && each.user === user)).toMatchObject({ bytesIn: 27 });
		const nameless = server.printed
			.split("\n")
			.filter((each) => each.includes("ends without a session") && !each.includes('"session"'));
		expect(nameless).toHaveLength(1);
		await say("VERBATIM/9 json\n");
		expect(await line(({ reason }) => reason === "preface")).toMatchObject({ msg: "connection refused", address: "127.0.0.1" });
	}, 60_000);

	test("a session is told from begin to end, and of what was said there is nothing", async () => {
		await verbatim(["send", "tea", TEXT, "--guest", "cid", "--server", server.tcp]);
		const begins = await line(
			({ msg, client, format }) => msg === "session begins" && /^verbatim-cli/.test(String(client)) && /tcp/.test(String(format)),
		);
		const ends = await line(({ msg, session }) => msg === "session ends" && session === begins.session);
		expect(ends).toMatchObject({ user: begins.user, why: "gone", refused: 0 });
		for (const name of ["ageMs", "bytesIn", "bytesOut", "commands"]) expect(Number(ends[name])).toBeGreaterThan(0);
		expect(server.printed).not.toContain(TEXT);
		expect(server.printed).not.toContain(SECRET);
	}, 60_000);
});
