// An IRC server: one channel, all receivers in it. Its flood limits are lifted as its manual says, as Verbatim's are.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@verbatim/testkit";
import { registerCleanup } from "../cleanup.ts";
import { lines } from "../load/framing.ts";
import type { WireFormat } from "../load/load-connection.ts";
import { openRoomByHandshake } from "./handshake.ts";
import { deliveryOfTexts, type Peer, PeerUnavailable } from "./peer.ts";
import { findProgram, PeerProcess } from "./peer-process.ts";

const wireFormat: WireFormat = { framing: lines, read: deliveryOfTexts };

export async function startNgircd(): Promise<Peer> {
	const program = findProgram("ngircd");
	if (program === undefined) throw new PeerUnavailable("ngircd: not installed here (Debian: apt install ngircd)");
	const dir = await mkdtemp(join(tmpdir(), "verbatim-ngircd-"));
	const cleanup = registerCleanup(() => rm(dir, { recursive: true, force: true }));
	const [port = 0] = freePorts(1);
	const file = join(dir, "ngircd.conf");
	await writeFile(file, configuration(port));
	const { child, match } = await PeerProcess.start([program, "--nodaemon", "--config", file], /Now listening on .*:(\d+)/);
	const version = /ngIRCd ([\d.]+)/.exec(match.input)?.[1] ?? "";
	return {
		name: `ngircd ${version}`.trim(),
		durability: "none",
		doesNot: "store, dedupe, acknowledge; history",
		pid: child.pid,
		openRoom: (loop, receivers) =>
			openRoomByHandshake(loop, receivers, {
				port,
				handshakeFormat: wireFormat,
				wireFormat,
				echoesSender: false,
				// Its backlog is 10.
				handshakesMax: 8,
				firstBytes: (index) => Buffer.from(`NICK b${index}\r\nUSER b${index} 0 * :bench\r\n`),
				step(payload, connection) {
					const [first = "", second = "", ...rest] = payload.toString("latin1").split(" ");
					if (first === "PING") connection.send(Buffer.from(`PONG ${second}\r\n`));
					if (first === "ERROR") throw new Error(`ngircd: ${payload.toString("latin1")}`);
					if (second === "001") connection.send(Buffer.from("JOIN #bench\r\n"));
					return second === "366" && rest.includes("#bench") ? "joined" : undefined;
				},
				message: (text) => Buffer.from(`PRIVMSG #bench :${text}\r\n`),
			}),
		async stop() {
			await child.stop();
			cleanup.done();
			await rm(dir, { recursive: true, force: true });
		},
	};
}

function configuration(port: number): string {
	return `[Global]
Name = irc.bench.local
Info = bench
Listen = 127.0.0.1
Ports = ${port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
CloakHost = bench
`;
}
