// Clients of a server with two worker threads, each at the worker that the test wants: which one it is shows in the session's id.
import type { Cursor, Down, Hello, Welcome } from "@verbatim/protocol";
import type { ServerProcess } from "../process/server-process.ts";
import { type Way, WirePeer } from "./wire-peer.ts";

/** Opened in vain before it is given up: the system chooses the worker by chance. */
const TRIES = 64;

export interface Seat {
	readonly peer: WirePeer;
	readonly welcome: Welcome;
}

export class TwoWorkers {
	private readonly server: ServerProcess;
	/** The processes' names in ids of sessions, as they are met. */
	private readonly names: string[] = [];
	private readonly peers: WirePeer[] = [];

	constructor(server: ServerProcess) {
		this.server = server;
	}

	/** A client at worker 0 or 1, welcomed. Connections to the other one are closed again. */
	async at(worker: 0 | 1, credential: Hello["credential"], cursors: Cursor[] = [], way: Way = "tcp/proto"): Promise<Seat> {
		for (let i = 0; i < TRIES; i++) {
			const peer = await WirePeer.open(this.server, way);
			const body = await peer.ask({ case: "hello", value: { credential, client: "test", cursors } as Hello });
			if (body.case !== "welcome") throw new Error(`no welcome: ${JSON.stringify(body)}`);
			if (this.workerOf(body.value) === worker) {
				this.peers.push(peer);
				return { peer, welcome: body.value };
			}
			peer.close();
		}
		throw new Error(`${TRIES} connections came to the same worker`);
	}

	/** A guest with a key of its own, so that it is the same one however often it comes. */
	guest(worker: 0 | 1, name: string, cursors: Cursor[] = [], way?: Way): Promise<Seat> {
		return this.at(worker, guestOf(name), cursors, way);
	}

	close(): void {
		for (const peer of this.peers) peer.close();
	}

	private workerOf({ session }: Welcome): number {
		const name = session.split("-", 1)[0] ?? "";
		if (!this.names.includes(name)) this.names.push(name);
		return this.names.indexOf(name);
	}
}

export function guestOf(name: string): Hello["credential"] {
	return {
		case: "guest",
		value: {
			name,
			key: new TextEncoder().encode(`a key of ${name}, long enough`).toBase64({ alphabet: "base64url", omitPadding: true }),
		},
	} as Hello["credential"];
}

/** `<seq> <text>` of all messages of the room that were pushed or answered, in the order in which they came. */
export function messagesOf(downs: readonly Down[], room: string): string[] {
	return downs.flatMap(({ body }) => {
		const page = body.case === "joined" ? body.value.page : body.case === "entries" ? body.value : undefined;
		if (page?.room !== room) return [];
		return page.entries.flatMap(({ seq, body }) => (body.case === "message" ? [`${seq} ${body.value.text}`] : []));
	});
}

/** The seqs of all entries of the room that were pushed or answered. */
export function seqsOf(downs: readonly Down[], room: string): number[] {
	return downs.flatMap(({ body }) => {
		const page = body.case === "joined" ? body.value.page : body.case === "entries" ? body.value : undefined;
		return page?.room === room ? page.entries.map(({ seq }) => seq) : [];
	});
}
