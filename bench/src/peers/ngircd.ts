// An IRC server: one channel, everybody in it. Its limits against floods are lifted as its manual says, as Verbatim's are.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@verbatim/testkit";
import { endLater } from "../ending.ts";
import type { Wire } from "../load/connection.ts";
import { lines } from "../load/framing.ts";
import { Child } from "./child.ts";
import { Absent, deliveryOfTexts, type Peer } from "./peer.ts";
import { which } from "./program.ts";
import { rally } from "./rally.ts";

const wire: Wire = { framing: lines, read: deliveryOfTexts };

export async function startNgircd(): Promise<Peer> {
	const program = which("ngircd");
	if (program === undefined) throw new Absent("ngircd: not installed here (Debian: apt install ngircd)");
	const dir = await mkdtemp(join(tmpdir(), "verbatim-ngircd-"));
	const ending = endLater(() => rm(dir, { recursive: true, force: true }));
	const [port = 0] = freePorts(1);
	const file = join(dir, "ngircd.conf");
	await writeFile(file, configuration(port));
	const { child, said } = await Child.start([program, "--nodaemon", "--config", file], /Now listening on .*:(\d+)/);
	const version = /ngIRCd ([\d.]+)/.exec(said.input)?.[1] ?? "";
	return {
		name: `ngircd ${version}`.trim(),
		durability: "none",
		doesNot: "store, dedupe, acknowledge; history",
		pid: child.pid,
		audience: (swarm, receivers) =>
			rally(swarm, receivers, {
				port,
				opening: wire,
				wire,
				echoes: false,
				// Its backlog is 10.
				atOnce: 8,
				hello: (index) => Buffer.from(`NICK b${index}\r\nUSER b${index} 0 * :bench\r\n`),
				answer(payload, connection) {
					const [first = "", second = "", ...rest] = payload.toString("latin1").split(" ");
					if (first === "PING") connection.send(Buffer.from(`PONG ${second}\r\n`));
					if (first === "ERROR") throw new Error(`ngircd: ${payload.toString("latin1")}`);
					if (second === "001") connection.send(Buffer.from("JOIN #bench\r\n"));
					return second === "366" && rest.includes("#bench") ? "in" : undefined;
				},
				message: (text) => Buffer.from(`PRIVMSG #bench :${text}\r\n`),
			}),
		async stop() {
			await child.stop();
			ending.done();
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
