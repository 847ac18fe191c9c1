// Counters over all connections of a client.
import { utf8Bytes } from "@verbatim/protocol";
import type { ConnectionStatistics } from "../api/api.ts";
import type { VerbatimError } from "../base/errors.ts";

export class Statistics {
	private roundTripMs: number | undefined;
	private connections = 0;
	private messagesUp = 0;
	private messagesDown = 0;
	private bytesUp = 0;
	private bytesDown = 0;
	private lastError: VerbatimError | undefined;

	get snapshot(): ConnectionStatistics {
		const { roundTripMs, connections, messagesUp, messagesDown, bytesUp, bytesDown, lastError } = this;
		const reconnects = Math.max(0, connections - 1);
		return { roundTripMs, connections, reconnects, messagesUp, messagesDown, bytesUp, bytesDown, lastError };
	}

	welcomed(): void {
		this.connections++;
	}

	up(frame: Uint8Array | string): void {
		this.messagesUp++;
		this.bytesUp += sizeOf(frame);
	}

	down(frame: Uint8Array | string): void {
		this.messagesDown++;
		this.bytesDown += sizeOf(frame);
	}

	roundTrip(ms: number): void {
		this.roundTripMs = ms;
	}

	failed(error: VerbatimError): void {
		this.lastError = error;
	}
}

function sizeOf(frame: Uint8Array | string): number {
	return typeof frame === "string" ? utf8Bytes(frame) : frame.byteLength;
}
