// All closes of a connection by the server, in one table. The code is sent in `Close` and, on WebSocket, as the close code of the closing
// handshake (RFC 6455 section 7.4.2: 4000 to 4999 are for applications).

export interface CloseFacts {
	readonly code: number;
	/** Whether the client should reconnect by itself. */
	readonly reconnect: boolean;
	/** Default delay before that, in milliseconds; 0: the client's own back-off. */
	readonly afterMs: number;
	readonly reason: string;
}

export const CLOSES = {
	bye: { code: 4000, reconnect: false, afterMs: 0, reason: "the client said goodbye" },
	// Reconnect: not the client's fault.
	draining: { code: 4001, reconnect: true, afterMs: 0, reason: "the server is about to stop" },
	busy: { code: 4002, reconnect: true, afterMs: 5_000, reason: "too many connections" },
	silent: { code: 4003, reconnect: true, afterMs: 0, reason: "nothing was heard for three heartbeats" },
	slow: { code: 4004, reconnect: true, afterMs: 0, reason: "nothing was read for too long" },
	late: { code: 4005, reconnect: true, afterMs: 0, reason: "the handshake or a frame took too long" },
	internal: { code: 4006, reconnect: true, afterMs: 1_000, reason: "something went wrong on the server" },
	expired: { code: 4007, reconnect: true, afterMs: 0, reason: "the token has expired; refresh it and come back" },
	damaged: { code: 4008, reconnect: true, afterMs: 0, reason: "the length of a frame was damaged on its way" },
	// Do not reconnect: the same would happen again.
	protocol: { code: 4100, reconnect: false, afterMs: 0, reason: "what was sent is not this protocol" },
	unauthorized: { code: 4101, reconnect: false, afterMs: 0, reason: "the credential was refused" },
	banned: { code: 4102, reconnect: false, afterMs: 0, reason: "this user may not be here" },
	too_large: { code: 4103, reconnect: false, afterMs: 0, reason: "a frame was longer than the limit" },
	unsupported: { code: 4104, reconnect: false, afterMs: 0, reason: "version, codec or check are not spoken here" },
} as const satisfies Record<string, CloseFacts>;

export type CloseName = keyof typeof CLOSES;

/** The row of a close code; undefined for an unknown one. */
export function closeByCode(code: number): (CloseFacts & { readonly name: CloseName }) | undefined {
	for (const name of Object.keys(CLOSES) as CloseName[]) {
		if (CLOSES[name].code === code) return { ...CLOSES[name], name };
	}
	return undefined;
}
