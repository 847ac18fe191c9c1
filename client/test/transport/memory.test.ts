import { memoryTransport } from "../../src/mod.ts";
import { Inbox, type TestPeer, transportContract } from "./contract.ts";

transportContract("memory", async () => {
	const accepted = new Inbox<TestPeer>();
	const transport = memoryTransport((peer) => {
		if (peer.endpoint.hostname === "nowhere") return false;
		const frames = new Inbox<Uint8Array | string>();
		peer.onFrame = (body) => frames.put(body);
		const ended = new Promise<void>((resolve) => {
			peer.onClosed = resolve;
		});
		accepted.put({ next: () => frames.next(), send: peer.send, close: () => peer.close(), ended });
		return true;
	});
	return {
		transport,
		endpoint: new URL("memory://here"),
		nowhere: new URL("memory://nowhere"),
		accept: () => accepted.next(),
		stop: async () => {},
	};
});
