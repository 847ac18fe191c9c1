// TCP, TLS and Unix sockets, for Node and Bun: the client's preface requests options, the server answers with those it grants, then
// frames. With the check on (the default) a damaged frame is detected and dropped here; the caller repairs the gap.
import type { Socket } from "node:net";
import {
	CLOSES,
	type CodecName,
	type Framer,
	LIMITS,
	type Preface,
	PrefaceAnswerReader,
	prefaceFramer,
	renderPreface,
} from "@verbatim/protocol";
import type { Connection, ConnectionEvents, Ending, Transport } from "../api/transport.ts";
import { ConnectError, ProtocolError, TransportError } from "../base/errors.ts";
import { connectError } from "../transport/failure.ts";
import { Addresses } from "./addresses.ts";
import { bareHost, dial, dialUnix, type TlsOptions } from "./dial.ts";

export interface TcpOptions {
	/** Checksum of each frame. Default: `crc32c`. */
	readonly check?: Preface["check"];
	/** DNS servers to query when the system's resolver fails, as `address` or `address:port`. Default: none. */
	readonly resolvers?: readonly string[];
	/** For `tls://`: certificate authorities and the like, as in `node:tls`. */
	readonly tls?: TlsOptions | undefined;
	/** Longest frame body accepted, in bytes. Default: `LIMITS.frameDownBytesMax`. */
	readonly frameBytesMax?: number;
	/** A custom name resolution. */
	readonly addresses?: Addresses;
}

const PORT = 9000;
/** A connection whose peer does not complete the close is destroyed after this time. */
const LINGER_MS = 2_000;

/**
 * The transport for `tcp://host:port`, `tls://host:port` (port 9000 if none is given) and `unix:/path`.
 *
 * @example
 * ```ts
 * connect({ endpoints: "tls://chat.example.org:9000", transports: [tcpTransport({ resolvers: ["9.9.9.9"] })], credential });
 * ```
 */
export function tcpTransport(options: TcpOptions = {}): Transport {
	const addresses = options.addresses ?? new Addresses(options.resolvers ?? []);
	return {
		schemes: ["tcp", "tls", "unix"],
		open: (endpoint, codec, events) => new TcpConnection(endpoint, codec, events, options, addresses),
	};
}

class TcpConnection implements Connection {
	private readonly events: ConnectionEvents;
	private readonly options: TcpOptions;
	private readonly preface: Preface;
	private socket: Socket | undefined;
	private readonly answer = new PrefaceAnswerReader();
	private readonly givenUp = new AbortController();
	private readonly where: string;
	/** Set once the server has accepted the preface. */
	private framer: Framer | undefined;
	private ended = false;

	constructor(endpoint: URL, codec: CodecName, events: ConnectionEvents, options: TcpOptions, addresses: Addresses) {
		this.events = events;
		this.options = options;
		this.preface = { codec, check: options.check ?? "crc32c", frame: "length" };
		this.where = endpoint.host || decodeURIComponent(endpoint.pathname);
		this.connect(endpoint, addresses).catch((cause: unknown) => this.end({ cause: connectError(this.where, cause) }));
	}

	send(body: Uint8Array | string): void {
		if (this.framer === undefined || this.ended) return;
		this.socket?.write(this.framer.encode(typeof body === "string" ? ENCODER.encode(body) : body));
	}

	bufferedBytes(): number {
		return this.socket?.writableLength ?? 0;
	}

	close(): void {
		const { socket } = this;
		if (socket === undefined || this.framer === undefined) {
			this.abandon();
			return;
		}
		socket.setTimeout(LINGER_MS, () => socket.destroy());
		socket.end();
	}

	abandon(): void {
		this.givenUp.abort(new TransportError(`the connection to ${this.where} was given up`));
		this.socket?.destroy();
		queueMicrotask(() => this.end({}));
	}

	private async connect(endpoint: URL, addresses: Addresses): Promise<void> {
		const { signal } = this.givenUp;
		if (endpoint.protocol === "unix:") {
			this.adopt(await dialUnix(this.where, signal));
			return;
		}
		const tls = endpoint.protocol === "tls:" ? (this.options.tls ?? {}) : undefined;
		const port = endpoint.port === "" ? PORT : Number(endpoint.port);
		this.adopt(await dial({ host: bareHost(endpoint), port, tls }, addresses, signal));
	}

	/** The socket is open: sends the preface. */
	private adopt(socket: Socket): void {
		this.socket = socket;
		if (this.ended) {
			socket.destroy();
			return;
		}
		let trouble: unknown;
		socket.setNoDelay(true);
		socket.on("data", (chunk: Uint8Array) => this.read(chunk));
		socket.on("error", (error) => {
			trouble = error;
		});
		socket.on("close", () =>
			this.end({
				cause:
					this.framer === undefined
						? connectError(this.where, trouble ?? new ConnectError("closed", this.where, "it hung up without an answer"))
						: new TransportError(`the connection to ${this.where} ended`, { cause: trouble }),
			}),
		);
		socket.write(renderPreface(this.preface));
	}

	private read(chunk: Uint8Array): void {
		if (this.ended) return;
		if (this.framer !== undefined) {
			this.frames(this.framer, chunk);
			return;
		}
		const event = this.answer.push(chunk);
		switch (event.kind) {
			case "more":
				return;
			case "ok":
				this.framer = prefaceFramer(event.preface, this.options.frameBytesMax ?? LIMITS.frameDownBytesMax);
				this.events.opened();
				this.frames(this.framer, event.rest);
				return;
			case "refused":
				this.fail(
					event.code === undefined
						? { cause: new ProtocolError(`the server refused the preface: ${event.message}`) }
						: { code: CLOSES[event.code].code, reason: event.message },
				);
				return;
			case "error":
				this.fail({ cause: new ConnectError("not_verbatim", this.where, event.message) });
		}
	}

	private frames(framer: Framer, chunk: Uint8Array): void {
		framer.push(chunk);
		for (;;) {
			const event = framer.next();
			// The receiver of a frame may have closed the connection.
			if (event === undefined || this.ended) return;
			switch (event.kind) {
				case "frame":
					this.events.frame(event.body);
					break;
				case "damaged":
					this.events.damaged();
					break;
				case "error":
					this.fail({ cause: new ProtocolError(`the stream cannot be read any further: ${event.message}`) });
					return;
			}
		}
	}

	private fail(ending: Ending): void {
		this.socket?.destroy();
		this.end(ending);
	}

	private end(ending: Ending): void {
		if (this.ended) return;
		this.ended = true;
		this.events.closed(ending);
	}
}

const ENCODER = new TextEncoder();
