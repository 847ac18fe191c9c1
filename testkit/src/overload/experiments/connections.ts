// Twice as many connections as are let in, at both doors. Whoever is inside notices nothing; whoever is not is told when to come back;
// and with the crowd gone there is room again.
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
	async load(stage, seconds) {
		const { tally, server } = stage;
		const failures: string[] = [];
		const before = await stage.vitals.connections();
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
				else tally.failed({ code: "busy", retry: true, retryAfterMs: saysWhen(words) ? 1 : 0 });
			}
			tally.done += inside;
			if (inside > CONNECTIONS_MAX) failures.push(`${inside} were let in`);
			if (inside < CONNECTIONS_MAX / 2) failures.push(`only ${inside} were let in`);
			webSockets.leave();
			tcp.leave();
			// Who is turned away and lingers counts, and too many of these are cut without a word: the next crowd comes when this one is gone.
			await eventually(
				async () => (await stage.vitals.connections()) === before || undefined,
				() => "the crowd is gone",
			);
		} while (performance.now() < endMs);
		return failures;
	},
};

function saysWhen(words: string): boolean {
	return /^retry-after: [1-9]/im.test(words) || /^VERBATIM\/1 error busy .*try again in [0-9.]+ s/.test(words);
}
