// `ws` and Socket.IO on Node, each with the broadcast of its own documentation.
import { join } from "node:path";
import { httpHead, webSocketFrames, webSocketRequest, webSocketText } from "../load/framing.ts";
import type { WireFormat } from "../load/load-connection.ts";
import { openRoomByHandshake, type PeerProtocol } from "./handshake.ts";
import { deliveryOfTexts, type Peer, PeerUnavailable } from "./peer.ts";
import { PeerProcess } from "./peer-process.ts";

const PROGRAMS = join(import.meta.dir, "../../peers");
const handshakeFormat: WireFormat = { framing: httpHead, read: () => undefined };
const wireFormat: WireFormat = { framing: webSocketFrames, read: deliveryOfTexts };

export function startWs(): Promise<Peer> {
	return start("ws", "ws", "store, order between senders, dedupe, authenticate, acknowledge", (port) => ({
		port,
		handshakeFormat,
		wireFormat,
		echoesSender: true,
		handshakesMax: 100,
		firstBytes: () => webSocketRequest(port, "/"),
		step(_, connection) {
			connection.wireFormat = wireFormat;
			return "joined";
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
			handshakeFormat,
			wireFormat,
			echoesSender: true,
			handshakesMax: 100,
			firstBytes: () => webSocketRequest(port, "/socket.io/?EIO=4&transport=websocket"),
			// Engine.IO 4: 0 open, 2 ping, 3 pong, 4 message; Socket.IO 5 within a message: 0 connect, 2 event.
			step(payload, connection) {
				const text = payload.toString("latin1");
				connection.wireFormat = wireFormat;
				if (text.startsWith("0{")) connection.send(webSocketText("40"));
				if (text === "2") connection.send(webSocketText("3"));
				return text.startsWith("40{") ? "joined" : undefined;
			},
			message: (text) => webSocketText(`42["say",${JSON.stringify(text)}]`),
		}),
	);
}

async function start(module: string, title: string, doesNot: string, protocol: (port: number) => PeerProtocol): Promise<Peer> {
	const node = Bun.which("node");
	if (node === null) throw new PeerUnavailable(`${title}: there is no \`node\` here`);
	const program = join(PROGRAMS, `${module.replace(".", "")}-broadcast.mjs`);
	const version = versionOf(module);
	if (version === undefined) throw new PeerUnavailable(`${title}: the npm package ${module} is not installed`);
	const { child, match } = await PeerProcess.start([node, program], /listening on (\d+)\n/);
	return {
		name: `${title} ${version} on Node`,
		durability: "none",
		doesNot,
		pid: child.pid,
		openRoom: (loop, receivers) => openRoomByHandshake(loop, receivers, protocol(Number(match[1]))),
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
