// nats-server with its defaults: one subject, all receivers subscribed to it.

import { type Framing, lines } from "../load/framing.ts";
import type { WireFormat } from "../load/load-connection.ts";
import { openRoomByHandshake } from "./handshake.ts";
import { deliveryOfTexts, type Peer, PeerUnavailable } from "./peer.ts";
import { findProgram, PeerProcess } from "./peer-process.ts";

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
const wireFormat: WireFormat = { framing, read: deliveryOfTexts };

export async function startNats(): Promise<Peer> {
	const program = findProgram("nats-server");
	if (program === undefined) throw new PeerUnavailable("nats-server: not installed here (Debian: apt install nats-server)");
	const command = [program, "-a", "127.0.0.1", "-p", "-1"];
	const { child, match } = await PeerProcess.start(
		command,
		/Listening for client connections on 127\.0\.0\.1:(\d+)[\s\S]*Server is ready/,
	);
	const version = /Version:\s+(\S+)/.exec(match.input)?.[1] ?? "";
	return {
		name: `nats-server ${version}`.trim(),
		durability: "none",
		doesNot: "store, dedupe, acknowledge (core NATS); rooms with members; histories",
		pid: child.pid,
		openRoom: (loop, receivers) =>
			openRoomByHandshake(loop, receivers, {
				port: Number(match[1]),
				handshakeFormat: wireFormat,
				wireFormat,
				echoesSender: true,
				handshakesMax: 100,
				firstBytes: () => undefined,
				step(payload, connection) {
					const line = payload.toString("latin1");
					if (line.startsWith("INFO")) connection.send(Buffer.from('CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n'));
					if (line.startsWith("PING")) connection.send(Buffer.from("PONG\r\n"));
					if (line.startsWith("-ERR")) throw new Error(`nats-server: ${line}`);
					return line.startsWith("PONG") ? "joined" : undefined;
				},
				message: (text) => Buffer.from(`PUB bench ${text.length}\r\n${text}\r\n`),
			}),
		stop: () => child.stop(),
	};
}
