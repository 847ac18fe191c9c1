// What many chats in JavaScript are built on: `ws` and Socket.IO, on Node, each with the broadcast of its own documentation.
import { join } from "node:path";
import type { Wire } from "../load/connection.ts";
import { httpHead, webSocketFrames, webSocketRequest, webSocketText } from "../load/framing.ts";
import { Child } from "./child.ts";
import { Absent, deliveryOfTexts, type Peer } from "./peer.ts";
import { type Rally, rally } from "./rally.ts";

const PROGRAMS = join(import.meta.dir, "../../peers");
const opening: Wire = { framing: httpHead, read: () => undefined };
const wire: Wire = { framing: webSocketFrames, read: deliveryOfTexts };

export function startWs(): Promise<Peer> {
	return start("ws", "ws", "store, order between senders, dedupe, authenticate, acknowledge", (port) => ({
		port,
		opening,
		wire,
		echoes: true,
		atOnce: 100,
		hello: () => webSocketRequest(port, "/"),
		answer(_, connection) {
			connection.wire = wire;
			return "in";
		},
		message: webSocketText,
	}));
}

export function startSocketIo(): Promise<Peer> {
	return start(
		"socket.io",
		"Socket.IO",
		"store, order between senders, dedupe, authenticate; at most once by default",
		(port) => ({
			port,
			opening,
			wire,
			echoes: true,
			atOnce: 100,
			hello: () => webSocketRequest(port, "/socket.io/?EIO=4&transport=websocket"),
			// Engine.IO 4: 0 open, 2 ping, 3 pong, 4 message; Socket.IO 5 within a message: 0 connect, 2 event.
			answer(payload, connection) {
				const text = payload.toString("latin1");
				connection.wire = wire;
				if (text.startsWith("0{")) connection.send(webSocketText("40"));
				if (text === "2") connection.send(webSocketText("3"));
				return text.startsWith("40{") ? "in" : undefined;
			},
			message: (text) => webSocketText(`42["say",${JSON.stringify(text)}]`),
		}),
	);
}

async function start(module: string, title: string, doesNot: string, conversation: (port: number) => Rally): Promise<Peer> {
	const node = Bun.which("node");
	if (node === null) throw new Absent(`${title}: there is no \`node\` here`);
	const program = join(PROGRAMS, `${module.replace(".", "")}-broadcast.mjs`);
	const version = versionOf(module);
	if (version === undefined) throw new Absent(`${title}: the npm package ${module} is not installed`);
	const { child, said } = await Child.start([node, program], /listening on (\d+)\n/);
	return {
		name: `${title} ${version} on Node`,
		durability: "none",
		doesNot,
		pid: child.pid,
		audience: (swarm, receivers) => rally(swarm, receivers, conversation(Number(said[1]))),
		stop: () => child.stop(),
	};
}

function versionOf(module: string): string | undefined {
	try {
		return require(`${module}/package.json`).version;
	} catch {
		return undefined;
	}
}
