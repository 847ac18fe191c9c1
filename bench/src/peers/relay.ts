// The limit: bench/peers/relay.c, compiled on the spot. Its messages are made as long as the pushes that it is compared with, so that
// the ratio is one of work, not of bytes: the text stands in a body padded to the size that was measured at Verbatim's receivers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endLater } from "../ending.ts";
import { Crowd, type Wire } from "../load/connection.ts";
import { lengthFrame, lengthFrames } from "../load/framing.ts";
import type { Swarm } from "../load/swarm.ts";
import { Child } from "./child.ts";
import { Absent, type Audience, deliveryOfTexts, type Peer } from "./peer.ts";

const SOURCE = join(import.meta.dir, "../../peers/relay.c");
/** Length of a frame of `lengthFrames` beyond its body. */
const HEAD_BYTES = 4;

const wire: Wire = { framing: lengthFrames, read: deliveryOfTexts };

/** `deliveryBytes`: the size of each delivery from now on, at least the text's own. Throws `Absent` where there is no C compiler. */
export async function startRelay(deliveryBytes: () => number): Promise<Peer> {
	const compiler = Bun.which("cc");
	if (compiler === null) throw new Absent("the C relay: there is no `cc` here (Debian: apt install gcc libc6-dev)");
	const dir = await mkdtemp(join(tmpdir(), "verbatim-relay-"));
	const ending = endLater(() => rm(dir, { recursive: true, force: true }));
	const program = join(dir, "relay");
	const compiled = Bun.spawnSync([compiler, "-O2", "-o", program, SOURCE]);
	if (!compiled.success) throw new Absent(`the C relay: cc failed:\n${compiled.stderr.toString()}`);
	const { child, said } = await Child.start([program], /^(\d+)\n/);
	const port = Number(said[1]);
	return {
		name: "C relay",
		durability: "none",
		doesNot: "store, order, dedupe, authenticate, acknowledge, have rooms",
		isLimit: true,
		pid: child.pid,
		audience: (swarm, receivers) => audience(swarm, receivers, port, (text) => pad(text, deliveryBytes())),
		async stop() {
			await child.stop();
			ending.done();
			await rm(dir, { recursive: true, force: true });
		},
	};
}

async function audience(swarm: Swarm, count: number, port: number, body: (text: string) => string): Promise<Audience> {
	const crowd = new Crowd();
	const receivers = Array.from({ length: count }, () => swarm.connect(port, wire, crowd));
	// The relay accepts in the order of connecting: when it reads from the last one it has them all.
	let greeted = 0;
	for (const receiver of receivers) receiver.onOther = () => greeted++;
	receivers.at(-1)?.send(lengthFrame("all here"));
	if (!(await swarm.until(() => greeted === count, 10_000))) throw new Error("the relay did not reach all its receivers");
	return {
		crowd,
		receivers,
		say: (texts) => receivers[0]?.send(Buffer.concat(texts.map((text) => lengthFrame(body(text))))),
		acked: () => undefined,
		refusals: [],
	};
}

function pad(text: string, deliveryBytes: number): string {
	return text.padEnd(Math.round(deliveryBytes) - HEAD_BYTES, "x");
}
