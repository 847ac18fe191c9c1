// A chat client of the bench: the JSON wire by hand over the lean WebSocket, counting what it is given.
import { WsPeer } from "./ws-peer.ts";

interface EntriesPush {
	readonly entries?: {
		readonly room: string;
		readonly entries: readonly { readonly seq: number; readonly message?: { readonly text: string } }[];
	};
}

interface Answer extends EntriesPush {
	readonly id?: number;
	readonly failure?: { readonly code: string; readonly message: string };
	readonly joined?: { readonly room: { readonly id: string }; readonly page: { readonly to?: number } };
	readonly ping?: { readonly nonce: number };
}

export class ChatPeer {
	/** Message entries received. */
	received = 0;
	/** Entries that did not follow the one before. */
	outOfOrder = 0;
	/** Told of each message's text. */
	onText: ((text: string) => void) | undefined;
	isClosed = false;
	private readonly ws: WsPeer;
	private readonly waiting = new Map<number, (answer: Answer) => void>();
	private lastSeq = 0;
	private nextId = 1;

	private constructor(ws: WsPeer) {
		this.ws = ws;
	}

	static async connect(port: number, name: string): Promise<ChatPeer> {
		let peer: ChatPeer | undefined;
		const ws = await WsPeer.connect(port, {
			text: (_, text) => peer?.take(text),
			closed: () => {
				if (peer !== undefined) peer.isClosed = true;
			},
		});
		peer = new ChatPeer(ws);
		await peer.ask({ hello: { guest: { name }, client: "bench" } });
		return peer;
	}

	/** Joins a public room and gives its id. */
	async join(room: string): Promise<string> {
		const { joined } = await this.ask({ join: { room, create: true, history: 1 } });
		return joined?.room.id ?? "";
	}

	/** Sends one command and waits for its answer. Rejects with the code of a refusal. */
	async ask(command: object): Promise<Answer> {
		const id = this.nextId++;
		const { promise, resolve } = Promise.withResolvers<Answer>();
		this.waiting.set(id, resolve);
		this.ws.send(JSON.stringify({ id, ...command }));
		const answer = await promise;
		if (answer.failure !== undefined) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
		return answer;
	}

	close(): void {
		this.ws.close();
	}

	private take(text: string): void {
		const answer: Answer = JSON.parse(text);
		if (answer.entries !== undefined) {
			for (const entry of answer.entries.entries) {
				if (entry.seq !== this.lastSeq + 1) this.outOfOrder++;
				this.lastSeq = entry.seq;
				if (entry.message === undefined) continue;
				this.received++;
				this.onText?.(entry.message.text);
			}
		} else if (answer.ping !== undefined) {
			this.ws.send(JSON.stringify({ pong: { nonce: answer.ping.nonce } }));
		} else if (answer.id !== undefined) {
			// At once, since entries may follow in the same chunk.
			if (answer.joined !== undefined) this.lastSeq = answer.joined.page.to ?? 0;
			this.waiting.get(answer.id)?.(answer);
			this.waiting.delete(answer.id);
		}
	}
}
