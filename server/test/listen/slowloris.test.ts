// What Bun does with slow requests before our code runs. Its time for headers cannot be set, hence the long waits. Fails if a new
// version of Bun changes it.
import { expect, test } from "bun:test";
import { RawSocket } from "./raw-socket.ts";
import { openServer } from "./support.ts";

test("a connection that sends nothing, slow headers or a slow body is cut in bounded time, and others are served meanwhile", async () => {
	await using server = await openServer({ timing: { handshakeMs: 1_000 }, page: () => undefined });
	const drips: Array<[first: string, drop: string]> = [
		["", ""],
		["GET / HTTP/1.1\r\nHost: x\r\n", "X: y\r\n"],
		["POST /api/v1/guest HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n", "x"],
		["POST /api/v1/guest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"],
	];
	const slow = await Promise.all(
		drips.map(async ([first, drop]) => {
			const peer = await RawSocket.open(server.httpPort);
			peer.write(first);
			const drip = setInterval(() => peer.write(drop), 200);
			return { peer, drip };
		}),
	);
	try {
		expect((await fetch(`${server.http}/`)).status).toBe(404);
		// Each waits 20 s at most, and fails then.
		for (const { peer } of slow) await peer.toEnd();
		expect((await fetch(`${server.http}/`)).status).toBe(404);
	} finally {
		for (const { drip, peer } of slow) {
			clearInterval(drip);
			peer.close();
		}
	}
	expect(server.faults).toEqual([]);
}, 60_000);
