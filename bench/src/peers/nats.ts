// nats-server with its defaults: a subject, and everybody subscribed to it. Its clients are trusted programs, not people.
import type { Wire } from "../load/connection.ts";
import { type Framing, lines } from "../load/framing.ts";
import { Child } from "./child.ts";
import { Absent, deliveryOfTexts, type Peer } from "./peer.ts";
import { which } from "./program.ts";
import { rally } from "./rally.ts";

const M = 0x4d;
const CRLF = 2;

/** Lines, but for `MSG subject sid [reply] length`, which a payload and a line end follow. */
const framing: Framing = {
	end(bytes, at, to) {
		const end = lines.end(bytes, at, to);
		if (end < 0 || bytes[at] !== M) return end;
		const head = bytes.toString("latin1", at, end - CRLF);
		const whole = end + Number(head.slice(head.lastIndexOf(" "))) + CRLF;
		return whole <= to ? whole : -1;
	},
	payload: (frame) => frame,
};
const wire: Wire = { framing, read: deliveryOfTexts };

export async function startNats(): Promise<Peer> {
	const program = which("nats-server");
	if (program === undefined) throw new Absent("nats-server: not installed here (Debian: apt install nats-server)");
	const command = [program, "-a", "127.0.0.1", "-p", "-1"];
	const { child, said } = await Child.start(
		command,
		/Listening for client connections on 127\.0\.0\.1:(\d+)[\s\S]*Server is ready/,
	);
	const version = /Version:\s+(\S+)/.exec(said.input)?.[1] ?? "";
	return {
		name: `nats-server ${version}`.trim(),
		durability: "none",
		doesNot: "store, dedupe, acknowledge (core NATS); rooms with members; histories",
		pid: child.pid,
		audience: (swarm, receivers) =>
			rally(swarm, receivers, {
				port: Number(said[1]),
				opening: wire,
				wire,
				echoes: true,
				atOnce: 100,
				hello: () => undefined,
				answer(payload, connection) {
					const line = payload.toString("latin1");
					if (line.startsWith("INFO")) connection.send(Buffer.from('CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n'));
					if (line.startsWith("PING")) connection.send(Buffer.from("PONG\r\n"));
					if (line.startsWith("-ERR")) throw new Error(`nats-server: ${line}`);
					return line.startsWith("PONG") ? "in" : undefined;
				},
				message: (text) => Buffer.from(`PUB bench ${text.length}\r\n${text}\r\n`),
			}),
		stop: () => child.stop(),
	};
}
