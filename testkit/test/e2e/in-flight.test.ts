// Replies are bounded by the commands under way: past that the socket is not read, at either door.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "@verbatim/client/node";
import { ROOMY } from "../../src/e2e/flags.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const ROOT = join(import.meta.dir, "../../..");
/** What one read of a socket brings still gets a place: eight times the bound. */
const IN_FLIGHT_MAX = 16;
const SENDS = 400;

test.each(["ws", "tcp"])(
	"over %s a peer that sends more than is carried out is not read until it is: nothing is refused, nothing piles up",
	async (door) => {
		const command = [
			process.execPath,
			"--preload",
			join(ROOT, "testkit/src/overload/slow-disk.ts"),
			join(ROOT, "cli/src/main.ts"),
			"serve",
		];
		const server = await ServerProcess.prepare({ command, flags: [...ROOMY, `--limits.commandsInFlightMax=${IN_FLIGHT_MAX}`] });
		await server.start();
		const metric = async (pattern: RegExp): Promise<number> => {
			const text = await (await fetch(`${server.ops}/metrics`)).text();
			return Number(pattern.exec(text)?.[1] ?? 0);
		};
		// Its own window is no help to the server here.
		const client = connect({
			endpoints: door === "ws" ? server.webSocket : server.tcp,
			credential: { guest: "hasty" },
			sendsInFlightMax: SENDS,
		});
		try {
			const room = await client.join("#tea", { create: true });
			await writeFile(`${server.data}.slow`, "20 0");
			let mostWaiting = 0;
			let isOver = false;
			const look = (async () => {
				while (!isOver) mostWaiting = Math.max(mostWaiting, await metric(/^verbatim_drafts_waiting (\d+)$/m));
			})();
			const sent = await Promise.all(Array.from({ length: SENDS }, (_, i) => room.send(`${i} ${"x".repeat(6_000)}`).done));
			isOver = true;
			await look;
			const seqs = sent.map(({ seq }) => seq);
			expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
			expect(mostWaiting).toBeLessThanOrEqual(8 * IN_FLIGHT_MAX);
			expect(await metric(/^verbatim_batch_drafts_bucket\{le="200"\} (\d+)$/m)).toBe(
				await metric(/^verbatim_batch_drafts_count (\d+)$/m),
			);
			expect(await metric(/^verbatim_errors_total\{code="busy"\} (\d+)$/m)).toBe(0);
		} finally {
			await client.close();
			await server.remove();
			await Bun.file(`${server.data}.slow`).delete();
		}
	},
	60_000,
);
