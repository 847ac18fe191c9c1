// A `Connection` over a WebSocket that an implementation opens later.

import type { Connection, ConnectionEvents, Ending } from "../api/transport.ts";
import { ConnectError, TransportError } from "../base/errors.ts";
import { connectError } from "./failure.ts";

/** Diagnoses why `endpoint` could not be reached. `trouble`: the implementation's error, if any. Must not reject. */
export type Explain = (endpoint: URL, trouble: unknown) => Promise<ConnectError>;

const OPEN = 1;

export class WebSocketConnection implements Connection {
	/** Aborted by `abandon`, and by `close` before the connection is open. */
	readonly signal: AbortSignal;
	private readonly endpoint: URL;
	private readonly events: ConnectionEvents;
	private readonly explain: Explain;
	private readonly givenUp = new AbortController();
	private socket: WebSocket | undefined;
	private isOpen = false;
	private failing = false;
	private ended = false;

	constructor(endpoint: URL, events: ConnectionEvents, explain: Explain = explainPlainly) {
		this.endpoint = endpoint;
		this.events = events;
		this.explain = explain;
		this.signal = this.givenUp.signal;
	}

	/** Takes over `socket`, which is not open yet or in its `open` event. */
	adopt(socket: WebSocket): void {
		this.socket = socket;
		socket.binaryType = "arraybuffer";
		socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
			if (!this.ended) this.events.frame(typeof data === "string" ? data : new Uint8Array(data));
		};
		socket.onclose = ({ code, reason }) => {
			if (!this.isOpen) return this.fail(undefined);
			const words = reason || `the connection to ${this.endpoint.host} ended (code ${code})`;
			this.end({ code, reason, cause: new TransportError(words) });
		};
		// Ends it here: some implementations (Node 22) emit no close after an error, or late.
		socket.onerror = (event) => {
			const trouble = (event as ErrorEvent).error ?? (event as ErrorEvent).message;
			if (!this.isOpen) this.fail(trouble);
			else this.end({ cause: new TransportError(`the connection to ${this.endpoint.host} broke`, { cause: trouble }) });
		};
		if (socket.readyState === OPEN) this.opened();
		else socket.onopen = () => this.opened();
	}

	/** The connection could not be opened. */
	fail(trouble: unknown): void {
		if (this.failing || this.ended) return;
		this.failing = true;
		if (trouble instanceof ConnectError) {
			queueMicrotask(() => this.end({ cause: trouble }));
			return;
		}
		void this.explain(this.endpoint, trouble).then((cause) => this.end({ cause }));
	}

	send(body: Uint8Array | string): void {
		const { socket } = this;
		if (socket?.readyState === OPEN) socket.send(body as Uint8Array<ArrayBuffer> | string);
	}

	bufferedBytes(): number {
		return this.socket?.bufferedAmount ?? 0;
	}

	close(): void {
		if (this.isOpen) this.socket?.close(1000);
		else this.abandon();
	}

	abandon(): void {
		const words = `the connection to ${this.endpoint.host} was given up`;
		this.givenUp.abort(new TransportError(words));
		// `close` may wait for the peer's handshake; Node and Bun have `terminate`.
		const socket = this.socket as (WebSocket & { readonly terminate?: () => void }) | undefined;
		if (socket?.terminate !== undefined) socket.terminate();
		else socket?.close();
		queueMicrotask(() => this.end({ cause: new TransportError(words) }));
	}

	private opened(): void {
		if (this.ended || this.failing) return;
		this.isOpen = true;
		this.events.opened();
	}

	private end(ending: Ending): void {
		if (this.ended) return;
		this.ended = true;
		this.events.closed(ending);
	}
}

async function explainPlainly(endpoint: URL, trouble: unknown): Promise<ConnectError> {
	return connectError(endpoint.host, trouble);
}
