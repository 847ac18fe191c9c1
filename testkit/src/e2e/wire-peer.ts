// A peer that speaks the protocol by hand, over TCP or WebSocket: well where it must, badly where a test wants it.
import {
	type Close,
	type Codec,
	type CodecName,
	type Command,
	create,
	type Down,
	jsonCodec,
	type Preface,
	protoCodec,
	UpSchema,
} from "@verbatim/protocol";
import type { ServerProcess } from "../process/server-process.ts";
import { type Framing, tcpFraming, webSocketFraming } from "./framing.ts";
import { RawPeer } from "./raw-peer.ts";
import { Waiting } from "./waiting.ts";

/** By which transport, in which codec. */
export type Way = "tcp/proto" | "tcp/json" | "ws/proto" | "ws/json";

export const WAYS: readonly Way[] = ["tcp/proto", "tcp/json", "ws/proto", "ws/json"];

type Body = Down["body"];

export class WirePeer {
	readonly way: Way;
	readonly codec: Codec;
	/** Everything that was received. */
	readonly downs: Down[] = [];
	private readonly raw: RawPeer;
	private readonly framing: Framing;
	private readonly waiting = new Waiting();
	private webSocketCode: number | undefined;
	private over = false;
	private lastId = 0;
	private trouble: unknown;

	private constructor(way: Way, raw: RawPeer, framing: Framing) {
		this.way = way;
		this.codec = codecOf(way) === "json" ? jsonCodec : protoCodec;
		this.raw = raw;
		this.framing = framing;
	}

	/** Connects and agrees; nobody has said hello yet. `check` is TCP's. */
	static async open(
		server: Pick<ServerProcess, "tcpPort" | "httpPort">,
		way: Way,
		check: Preface["check"] = "crc32c",
	): Promise<WirePeer> {
		const codec = codecOf(way);
		const tcp = way.startsWith("tcp");
		const raw = await RawPeer.open(tcp ? server.tcpPort : server.httpPort);
		const framing = tcp ? tcpFraming({ codec, check, frame: "length" }) : webSocketFraming(codec);
		await framing.open(raw);
		const peer = new WirePeer(way, raw, framing);
		raw.onChange = () => peer.listen();
		peer.listen();
		return peer;
	}

	/** Carries out a command and gives its answer, a failure too. */
	async ask(command: Command): Promise<Body> {
		const id = ++this.lastId;
		this.say(command, id);
		return (await this.until((down) => down.id === id, `the answer to ${command.case}`)).body;
	}

	/** Sends a command without waiting. */
	say(command: Command, id: number): void {
		this.sendBody(this.bodyOf(command, id));
	}

	/** A command as the body of a frame. */
	bodyOf(command: Command, id: number): Uint8Array | string {
		return this.codec.encodeUp(create(UpSchema, { id, command }));
	}

	/** Sends one frame, sound in itself, with this body. */
	sendBody(body: Uint8Array | string): void {
		this.sendBytes(this.framing.wrap(body));
	}

	/** Sends bytes past every framer. */
	sendBytes(bytes: Uint8Array): void {
		this.raw.write(bytes);
	}

	/** The bytes that would carry this body, to be damaged. */
	frameOf(body: Uint8Array | string): Uint8Array {
		return this.framing.wrap(body);
	}

	/** The first message received for which `fits` holds, from whenever it came. */
	async until(fits: (down: Down) => boolean, what: string): Promise<Down> {
		let found: Down | undefined;
		await this.waiting.until(
			() => {
				if (this.trouble !== undefined) throw this.trouble;
				found = this.downs.find(fits);
				if (found === undefined && this.over) throw new Error(`${this.way} ended before ${what}: ${this.lastWords()}`);
				return found !== undefined;
			},
			() => `${what} on ${this.way}: ${this.lastWords()}`,
		);
		return found as Down;
	}

	/** Waits for the end of the connection: its last `Close`, and the code of a WebSocket's closing handshake. */
	async end(): Promise<{ readonly close: Close | undefined; readonly webSocketCode: number | undefined }> {
		await this.waiting.until(
			() => this.over,
			() => `the end of ${this.way}: ${this.lastWords()}`,
		);
		const last = this.downs.at(-1)?.body;
		return { close: last?.case === "close" ? last.value : undefined, webSocketCode: this.webSocketCode };
	}

	/** Stops reading, or goes on. */
	pause(paused: boolean): void {
		this.raw.pause(paused);
	}

	get ended(): boolean {
		return this.over;
	}

	close(): void {
		this.raw.close();
	}

	private listen(): void {
		if (this.over) return;
		try {
			for (const arrival of this.framing.unwrap(this.raw.takeAll())) {
				if ("body" in arrival) this.downs.push(this.codec.decodeDown(arrival.body));
				else this.webSocketCode = arrival.closeCode;
			}
		} catch (cause) {
			this.trouble = cause;
		}
		this.over = this.raw.ended || this.trouble !== undefined;
		this.waiting.wake();
	}

	private lastWords(): string {
		const heard = this.downs.slice(-3).map((down) => String(jsonCodec.encodeDown(down)));
		return heard.length === 0 ? "nothing was heard" : heard.join(" ");
	}
}

function codecOf(way: Way): CodecName {
	return way.endsWith("json") ? "json" : "proto";
}
