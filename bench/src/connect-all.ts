import { ChatPeer } from "./chat-peer.ts";

/** Handshakes under way at once. */
const AT_ONCE = 50;

/** `count` guests, all in one room (or, with `{i}` in its name, each in its own). */
export async function connectAll(port: number, count: number, room: string): Promise<ChatPeer[]> {
	const peers: ChatPeer[] = [];
	for (let done = 0; done < count; done += AT_ONCE) {
		const batch = Array.from({ length: Math.min(AT_ONCE, count - done) }, async (_, i) => {
			const peer = await ChatPeer.connect(port, `${room.replace("{i}", "")}-${done + i}`);
			await peer.join(`#${room.replace("{i}", String(done + i))}`);
			return peer;
		});
		peers.push(...(await Promise.all(batch)));
	}
	return peers;
}
