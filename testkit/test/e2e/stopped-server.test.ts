// A server process that is stopped (SIGSTOP): its machine still takes what is sent to it, and nothing ever comes.
import { expect, test } from "bun:test";
import { connect, type Status } from "@verbatim/client/node";
import { TIMING } from "@verbatim/protocol";
import { ServerProcess } from "../../src/process/server-process.ts";

/** A tenth of the defaults: what is held is the order of things and that they come, not how fast. */
const timing = {
	suspectAfterMs: TIMING.suspectAfterMs / 10,
	pongMs: TIMING.pongMs / 10,
	connectMs: 1_000,
	reconnectMaxMs: 500,
};

for (const door of ["webSocket", "tcp"] as const) {
	test(`a server that is stopped is suspected and left once something is sent to it, over ${door}; the send arrives once`, async () => {
		const server = await ServerProcess.prepare();
		await server.start();
		const client = connect({ endpoints: server[door], credential: { guest: "ann" }, timing });
		try {
			const room = await client.join("#tea", { create: true });
			const statuses: Status[] = [];
			const left = Promise.withResolvers<void>();
			client.on("status", (status) => {
				statuses.push(status);
				if (status.state === "waiting") left.resolve();
			});
			process.kill(server.pid, "SIGSTOP");
			const delivery = room.send("hello");
			await left.promise;
			expect(statuses.slice(0, 2)).toMatchObject([
				{ state: "live", suspect: true },
				{ state: "waiting", why: { name: "DisconnectedError" } },
			]);
			process.kill(server.pid, "SIGCONT");
			await delivery.done;
			const texts = (await room.history({ limit: 50 })).entries.map(({ body }) =>
				body.case === "message" ? body.value.text : "",
			);
			expect(texts.filter((text) => text === "hello")).toEqual(["hello"]);
		} finally {
			process.kill(server.pid, "SIGCONT");
			await client.close();
			await server.stop();
			await server.remove();
		}
	}, 60_000);
}
