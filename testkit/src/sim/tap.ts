// Observes the wires at the server's end, for the check of connections (../history/wire-judge.ts).

import type { Down, Up } from "@verbatim/protocol";
import type { Encoded, Format, Formats, Link, MemoryDisk, SessionHost, SessionInput } from "@verbatim/server/parts";
import { WireJudge } from "../history/wire-judge.ts";

export interface TapPort {
	/** A promise was broken. */
	broken(words: string): void;
	/** What is durable at this moment. */
	disk(): MemoryDisk;
	/** So many bytes wait for one peer, after a write. */
	waiting(bytes: number): void;
	/** A session is told something. */
	received?(up: Up, session: SessionInput): void;
	/** A link was closed. */
	closed(why: string): void;
	/** Calls `task`, or throws. */
	call<T>(what: "encode" | "write" | "bufferedBytes", task: () => T): T;
}

/** The same formats, and a host that opens sessions on links that are listened to. */
export function tap(
	formats: Formats,
	host: SessionHost,
	port: TapPort,
): { readonly formats: Formats; readonly host: SessionHost } {
	const downs = new Map<Encoded, Down>();
	const tapped = new Map<Format, Format>();
	/** Has the last command been refused at once? */
	let refused = false;
	const heard = (format: Format): Format => {
		let mine = tapped.get(format);
		if (mine === undefined) {
			mine = {
				name: format.name,
				codec: format.codec,
				encode(down) {
					const encoded = port.call("encode", () => format.encode(down));
					downs.set(encoded, down);
					refused ||= down.body.case === "failure";
					return encoded;
				},
				size: (encoded) => format.size(encoded),
			};
			tapped.set(format, mine);
		}
		return mine;
	};
	let connections = 0;
	return {
		formats: {
			ws: { json: heard(formats.ws.json), proto: heard(formats.ws.proto) },
			tcp: (preface) => heard(formats.tcp(preface)),
			line: formats.line,
		},
		host: {
			open(link) {
				const stream = new WireJudge(`connection ${++connections}`, {
					broken: (words) => port.broken(words),
					leftAt: (room, user) => leftAt(port.disk(), room, user),
				});
				const input = host.open(new TappedLink(link, (message) => stream.sent(downs.get(message)), port));
				return listening(input, (up, bytes) => {
					refused = false;
					port.received?.(up, input);
					input.receive(up, bytes);
					// A second hello, say, is none: the cursors are those of the first.
					if (!refused) stream.received(up);
				});
			},
		},
	};
}

type LinkPort = Pick<TapPort, "waiting" | "closed" | "call">;

class TappedLink implements Link {
	private readonly link: Link;
	private readonly hear: (message: Encoded) => void;
	private readonly port: LinkPort;

	constructor(link: Link, hear: (message: Encoded) => void, port: LinkPort) {
		this.link = link;
		this.hear = hear;
		this.port = port;
	}

	get format(): Format {
		return this.link.format;
	}
	get address(): string {
		return this.link.address;
	}
	get resumable(): boolean {
		return this.link.resumable;
	}
	write(messages: readonly Encoded[]): void {
		this.port.call("write", () => {
			for (const message of messages) this.hear(message);
			this.link.write(messages);
		});
		const waiting = this.link.bufferedBytes();
		if (waiting > 0) this.port.waiting(waiting);
	}
	bufferedBytes(): number {
		return this.port.call("bufferedBytes", () => this.link.bufferedBytes());
	}
	pauseReading(paused: boolean): boolean {
		return this.link.pauseReading(paused);
	}
	close(...why: Parameters<Link["close"]>): void {
		this.port.closed(why[0]);
		this.link.close(...why);
	}
}

function listening(input: SessionInput, receive: SessionInput["receive"]): SessionInput {
	return {
		get frameBytesMax() {
			return input.frameBytesMax;
		},
		receive,
		alive: () => input.alive(),
		undecodable: (...what) => input.undecodable(...what),
		end: (why, reason) => input.end(why, reason),
		drained: () => input.drained(),
		lost: () => input.lost(),
	};
}

/** Where a user who is no member of the room any more left it; undefined of one who never was a member; 0 of one who is. */
function leftAt(disk: MemoryDisk, id: string, user: string): number | undefined {
	const room = disk.rooms.get(id);
	if (room === undefined || room.members.has(user)) return 0;
	return room.log.findLast(({ sender, body }) => body.case === "left" && sender?.id === user)?.seq;
}
