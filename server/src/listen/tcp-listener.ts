// The TCP listener, also for TLS and Unix sockets: accepts, asks admission, and starts protocol detection on each connection.
import { type PrefaceError, renderPrefaceAnswer } from "@verbatim/protocol";
import type { Socket, SocketHandler } from "bun";
import { REFUSED_MESSAGES } from "../admit/connections.ts";
import { newId } from "../base/ids.ts";
import { peerAddress } from "../link/peer-address.ts";
import type { ListenerParts } from "./connection/parts.ts";
import type { ConnectionSettings } from "./connection/settings.ts";
import { TcpConnection, type TcpKind } from "./connection/tcp.ts";
import { ProtocolDetector } from "./detect.ts";
import { parseAddress } from "./socket/address.ts";
import { bind } from "./socket/bind.ts";
import type { Listener, ListenerSpec } from "./socket/listener.ts";
import { loadTls } from "./socket/tls.ts";

/** Refused connections that may linger to read the reason; beyond, they are cut at once. */
const REFUSED_MAX = 256;

/** Bytes read and discarded from a refused connection, enough for a preface and a hello sent at once; beyond, it is cut. */
const REFUSED_LINGER_BYTES_MAX = 64 * 1024;

/** TCP keep-alive: a dead peer is detected after about this long without traffic, ms. */
const KEEP_ALIVE_MS = 60_000;

type TcpSocket = Socket<TcpConnection | undefined>;

/** Opens the listener. Rejects with `BindError` or `AddressError`. */
export async function openTcp(spec: ListenerSpec, parts: ListenerParts, settings: ConnectionSettings): Promise<Listener> {
	const address = parseAddress(spec.address);
	const tls = spec.tls === undefined ? undefined : await loadTls("tls.tcp", spec.tls);
	const registry = new TcpRegistry(parts, settings, tls !== undefined);
	const shared = { allowHalfOpen: true, socket: registry.handlers(), ...(tls === undefined ? {} : { tls }) };
	// The runtime takes it; its types do not name it here.
	const sharing = spec.shared === true ? { reusePort: true } : {};
	const listener = await bind("--tcp", address, (at) => {
		if ("unix" in at) return { bound: address, stop: stopper(Bun.listen<TcpConnection | undefined>({ ...at, ...shared })) };
		const tcp = Bun.listen<TcpConnection | undefined>({ ...at, ...shared, ...sharing });
		return { bound: { kind: "tcp", host: at.hostname, port: tcp.port } as const, stop: stopper(tcp) };
	});
	return {
		address: listener.bound,
		secure: tls !== undefined,
		stopListening() {
			listener.stop();
			registry.stopping();
		},
		empty: () => registry.empty(),
		closeAll() {
			listener.stop();
			registry.cutAll();
		},
	};
}

function stopper(listener: { stop(): void }): () => void {
	let stopped = false;
	return () => {
		if (!stopped) listener.stop();
		stopped = true;
	};
}

/** The connections of one listener. */
class TcpRegistry {
	private readonly parts: ListenerParts;
	private readonly admitted: TcpKind;
	private readonly turnedAway: TcpKind;
	private readonly secure: boolean;
	private readonly inside = new Set<TcpConnection>();
	private refused = 0;
	private whenEmpty: Array<() => void> = [];

	constructor(parts: ListenerParts, settings: ConnectionSettings, secure: boolean) {
		this.parts = parts;
		this.secure = secure;
		const { clock, admission } = parts;
		this.admitted = {
			clock,
			settings,
			left: (connection) => {
				admission.release(connection.address);
				this.leave(connection);
			},
		};
		this.turnedAway = {
			clock,
			settings: { ...settings, lingerBytesMax: REFUSED_LINGER_BYTES_MAX },
			left: (connection) => {
				this.refused--;
				this.leave(connection);
			},
		};
	}

	handlers(): SocketHandler<TcpConnection | undefined> {
		return {
			open: (socket) => this.opened(socket),
			// Must be set, or Bun calls `open` of a TLS connection only after its handshake, which then has no deadline.
			handshake: (socket, success) => {
				if (success) this.guarded(socket, (connection) => connection.receiver.ready());
			},
			data: (socket, chunk) => this.guarded(socket, (connection) => connection.onData(chunk)),
			drain: (socket) => this.guarded(socket, (connection) => connection.onDrain()),
			end: (socket) => this.guarded(socket, (connection) => connection.onEnd()),
			close: (socket) => this.guarded(socket, (connection) => connection.gone()),
			// Transport errors, such as a TLS record that does not decrypt. `close` follows.
			error: (_socket, error) => this.parts.log.debug({ err: error }, "a TCP connection failed"),
		};
	}

	stopping(): void {
		for (const connection of [...this.inside]) this.isolated(connection, () => connection.receiver.stopping());
	}

	cutAll(): void {
		for (const connection of [...this.inside]) this.cut(connection);
	}

	empty(): Promise<void> {
		if (this.inside.size === 0) return Promise.resolve();
		return new Promise((resolve) => this.whenEmpty.push(resolve));
	}

	private opened(socket: TcpSocket): void {
		try {
			this.enter(socket);
		} catch (err) {
			this.report(err);
			if (socket.data === undefined) socket.terminate();
			else this.cut(socket.data);
		}
	}

	private enter(socket: TcpSocket): void {
		const { parts } = this;
		const address = peerAddress(socket.remoteAddress);
		const decision = parts.admission.admit(address);
		if (!decision.ok) {
			parts.metrics.refused.add(decision.reason);
			const { reason } = decision;
			parts.lines.line(
				{ about: "refused", kind: `connection refused: ${reason}`, address },
				() => ({ reason, address }),
				"connection refused",
			);
			this.refuse(socket, address, {
				code: "busy",
				message: `${REFUSED_MESSAGES[reason]}, try again in ${(Math.ceil(decision.retryAfterMs / 100) / 10).toFixed(1)} s`,
			});
			return;
		}
		const connection = new TcpConnection(socket, address, this.admitted);
		this.inside.add(connection);
		socket.data = connection;
		socket.setKeepAlive(true, KEEP_ALIVE_MS);
		connection.receiver = new ProtocolDetector(parts, connection);
		if (!this.secure) connection.receiver.ready();
	}

	/** Sends the reason, except on TLS, where that would take a handshake first. */
	private refuse(socket: TcpSocket, address: string, error: PrefaceError): void {
		if (this.secure || this.refused >= REFUSED_MAX) {
			socket.terminate();
			return;
		}
		this.refused++;
		const connection = new TcpConnection(socket, address, this.turnedAway);
		this.inside.add(connection);
		socket.data = connection;
		connection.write([new TextEncoder().encode(renderPrefaceAnswer(error))]);
		connection.finish();
	}

	private leave(connection: TcpConnection): void {
		this.inside.delete(connection);
		if (this.inside.size > 0) return;
		for (const resolve of this.whenEmpty.splice(0)) resolve();
	}

	/** An error in one connection cuts that connection only. */
	private guarded(socket: TcpSocket, act: (connection: TcpConnection) => void): void {
		const connection = socket.data;
		if (connection !== undefined) this.isolated(connection, () => act(connection));
	}

	private isolated(connection: TcpConnection, act: () => void): void {
		try {
			act();
		} catch (err) {
			this.report(err);
			this.cut(connection);
		}
	}

	private cut(connection: TcpConnection): void {
		try {
			connection.cut();
		} catch (err) {
			this.report(err);
		}
	}

	private report(err: unknown): void {
		const { clock, random, log, metrics } = this.parts;
		metrics.faults.add("tcp");
		log.error({ err, trace: newId("t", clock, random) }, "a TCP connection met an unexpected error and was cut");
	}
}
