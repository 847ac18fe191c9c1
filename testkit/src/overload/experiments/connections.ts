// Twice as many connections as the limit, by WebSocket and TCP. Admitted clients are not affected; the others get a retry time; once the
// connections are closed, new ones are admitted again.
import { renderPreface } from "@verbatim/protocol";
import { Crowd } from "../../e2e/crowd.ts";
import { webSocketUpgrade } from "../../e2e/framing.ts";
import { eventually } from "../../e2e/waiting.ts";
import type { Experiment } from "../experiment.ts";

const CONNECTIONS_MAX = 200;

export const connections: Experiment = {
	name: "connections",
	about: `2 x ${CONNECTIONS_MAX} connections, where ${CONNECTIONS_MAX} are let in`,
	flags: [
		`--limits.connections=${CONNECTIONS_MAX}`,
		"--timing.handshakeMs=30s",
		// Not what this is about, and reached within seconds: a crowd comes, goes and comes again.
		"--limits.opensPerSecond=1000000",
		"--limits.opensBurst=1000000",
	],
	rssBytesMax: 300 * 1024 * 1024,
	async load(context, seconds) {
		const { tally, server } = context;
		const failures: string[] = [];
		const before = await context.monitor.connections();
		const endMs = performance.now() + seconds * 1_000;
		do {
			const webSockets = await Crowd.gather(server.httpPort, CONNECTIONS_MAX, webSocketUpgrade("proto"));
			const tcp = await Crowd.gather(
				server.tcpPort,
				CONNECTIONS_MAX,
				renderPreface({ codec: "proto", check: "crc32c", frame: "length" }),
			);
			const heard = () => [...webSockets.heard, ...tcp.heard];
			await Promise.all(
				[webSockets, tcp].map((crowd) => crowd.until(({ heard }) => heard.every((words) => words !== ""), "an answer to each")),
			);
			tally.offered += 2 * CONNECTIONS_MAX;
			let inside = 0;
			for (const words of heard()) {
				if (words.startsWith("HTTP/1.1 101") || words.startsWith("VERBATIM/1 ok")) inside++;
				else tally.failed({ code: "busy", retry: true, retryAfterMs: hasRetryAfter(words) ? 1 : 0 });
			}
			tally.done += inside;
			if (inside > CONNECTIONS_MAX) failures.push(`${inside} were let in`);
			if (inside < CONNECTIONS_MAX / 2) failures.push(`only ${inside} were let in`);
			webSockets.leave();
			tcp.leave();
			// Who is turned away and lingers counts, and too many of these are cut without a word: the next crowd comes when this one is gone.
			await eventually(
				async () => (await context.monitor.connections()) === before || undefined,
				() => "the crowd is gone",
			);
		} while (performance.now() < endMs);
		return failures;
	},
};

function hasRetryAfter(words: string): boolean {
	return /^retry-after: [1-9]/im.test(words) || /^VERBATIM\/1 error busy .*try again in [0-9.]+ s/.test(words);
}
