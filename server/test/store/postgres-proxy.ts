// A TCP proxy before PostgreSQL that knows where a transaction ends: it can cut the connection before or after the next commit, or hold it.
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * - `cut before`: the commit does not arrive, both ends are reset.
 * - `cut after`: the commit is carried out, its answer does not arrive.
 * - `hold`: the commit waits in the proxy until `release`, whatever becomes of the client's end meanwhile.
 */
export type CommitFault = "cut before" | "cut after" | "hold";

/** A simple query of one word, as it stands on the wire. */
const COMMIT = Buffer.from("COMMIT\0");

export class PostgresProxy {
	readonly port: number;
	/** Commits that faults have met. */
	met = 0;
	/** New connections are reset. */
	isRefusing = false;
	private readonly listener: Server;
	private readonly sockets = new Set<Socket>();
	private readonly held: (() => void)[] = [];
	private fault: CommitFault | undefined;
	private onMet: (() => void) | undefined;

	private constructor(listener: Server, target: number) {
		this.listener = listener;
		const address = listener.address();
		this.port = typeof address === "object" && address !== null ? address.port : 0;
		listener.on("connection", (client) => this.connected(client, connect({ port: target, host: "127.0.0.1", noDelay: true })));
	}

	static async open(target: number): Promise<PostgresProxy> {
		const listener = createServer({ noDelay: true, allowHalfOpen: true });
		await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
		return new PostgresProxy(listener, target);
	}

	/** Resolves when a commit has met the fault. */
	nextCommit(fault: CommitFault): Promise<void> {
		this.fault = fault;
		return new Promise((resolve) => {
			this.onMet = resolve;
		});
	}

	/** What was held goes on to the server. */
	release(): void {
		for (const pass of this.held.splice(0)) pass();
	}

	cut(): void {
		for (const socket of this.sockets) socket.resetAndDestroy();
	}

	close(): void {
		this.cut();
		this.listener.close();
	}

	private connected(client: Socket, server: Socket): void {
		if (this.isRefusing) {
			for (const socket of [client, server]) socket.on("error", () => {}).resetAndDestroy();
			return;
		}
		let isCutAfter = false;
		let isHeld = false;
		for (const socket of [client, server]) {
			this.sockets.add(socket);
			socket.on("error", () => {});
			socket.on("end", () => {
				if (!isHeld) for (const each of [client, server]) each.end();
			});
			socket.on("close", () => {
				this.sockets.delete(socket);
				// A held server connection outlives its client.
				if (!isHeld) for (const each of [client, server]) each.destroy();
			});
		}
		client.on("data", (chunk: Buffer) => {
			const { fault } = this;
			if (fault === undefined || !chunk.includes(COMMIT)) {
				server.write(chunk);
				return;
			}
			this.fault = undefined;
			this.met++;
			if (fault === "cut before") for (const socket of [client, server]) socket.resetAndDestroy();
			if (fault === "cut after") {
				isCutAfter = true;
				server.write(chunk);
			}
			if (fault === "hold") {
				isHeld = true;
				this.held.push(() => server.write(chunk));
			}
			this.onMet?.();
		});
		server.on("data", (chunk: Buffer) => {
			if (isCutAfter) for (const socket of [client, server]) socket.resetAndDestroy();
			else if (!client.destroyed) client.write(chunk);
		});
	}
}
