// The lower bound: bench/peers/relay.c, compiled at start. Its messages are padded to the size of Verbatim's pushes, as measured at the
// receivers, so that the ratio compares work, not bytes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerCleanup } from "../cleanup.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { lengthFrame, lengthFrames } from "../load/framing.ts";
import { DeliveryCounters, type WireFormat } from "../load/load-connection.ts";
import { type BenchRoom, deliveryOfTexts, type Peer, PeerUnavailable } from "./peer.ts";
import { PeerProcess } from "./peer-process.ts";

const SOURCE = join(import.meta.dir, "../../peers/relay.c");
/** Length of a frame of `lengthFrames` beyond its body. */
const HEAD_BYTES = 4;

const wireFormat: WireFormat = { framing: lengthFrames, read: deliveryOfTexts };

/** `deliveryBytes`: the size of each delivery, at least the text's. Throws `PeerUnavailable` without a C compiler. */
export async function startRelay(deliveryBytes: () => number): Promise<Peer> {
	const compiler = Bun.which("cc");
	if (compiler === null) throw new PeerUnavailable("the C relay: there is no `cc` here (Debian: apt install gcc libc6-dev)");
	const dir = await mkdtemp(join(tmpdir(), "verbatim-relay-"));
	const cleanup = registerCleanup(() => rm(dir, { recursive: true, force: true }));
	const program = join(dir, "relay");
	const compiled = Bun.spawnSync([compiler, "-O2", "-o", program, SOURCE]);
	if (!compiled.success) throw new PeerUnavailable(`the C relay: cc failed:\n${compiled.stderr.toString()}`);
	const { child, match } = await PeerProcess.start([program], /^(\d+)\n/);
	const port = Number(match[1]);
	return {
		name: "C relay",
		durability: "none",
		doesNot: "store, order, dedupe, authenticate, acknowledge, have rooms",
		isLimit: true,
		pid: child.pid,
		openRoom: (loop, receivers) => openRoom(loop, receivers, port, (text) => pad(text, deliveryBytes())),
		async stop() {
			await child.stop();
			cleanup.done();
			await rm(dir, { recursive: true, force: true });
		},
	};
}

async function openRoom(loop: EpollLoop, count: number, port: number, body: (text: string) => string): Promise<BenchRoom> {
	const counters = new DeliveryCounters();
	const receivers = Array.from({ length: count }, () => loop.connect(port, wireFormat, counters));
	// The relay accepts in the order of connecting: once it reads from the last connection it has accepted all.
	let greeted = 0;
	for (const receiver of receivers) receiver.onOther = () => greeted++;
	receivers.at(-1)?.send(lengthFrame("all here"));
	if (!(await loop.until(() => greeted === count, 10_000))) throw new Error("the relay did not reach all its receivers");
	return {
		counters,
		receivers,
		send: (texts) => receivers[0]?.send(Buffer.concat(texts.map((text) => lengthFrame(body(text))))),
		acked: () => undefined,
		refusals: [],
	};
}

function pad(text: string, deliveryBytes: number): string {
	return text.padEnd(Math.round(deliveryBytes) - HEAD_BYTES, "x");
}
