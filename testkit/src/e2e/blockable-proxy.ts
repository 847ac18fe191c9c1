// A TCP proxy that can be blocked, to simulate a client without a network.
import { createConnection, createServer, type Server, type Socket } from "node:net";

export class BlockableProxy {
	private readonly server: Server;
	private readonly pairs = new Set<readonly [Socket, Socket]>();
	private blocked = false;

	private constructor(server: Server) {
		this.server = server;
	}

	/** A proxy to a local port. */
	static to(port: number): Promise<BlockableProxy> {
		const server = createServer({ allowHalfOpen: true });
		const proxy = new BlockableProxy(server);
		server.on("connection", (near) => proxy.pass(near, port));
		return new Promise((resolve, reject) => {
			server.once("error", reject);
			server.listen(0, "127.0.0.1", () => resolve(proxy));
		});
	}

	get port(): number {
		const address = this.server.address();
		if (address === null || typeof address === "string") throw new Error("the passage is closed");
		return address.port;
	}

	/** Closes all connections and refuses new ones until `unblock`. */
	block(): void {
		this.blocked = true;
		for (const pair of this.pairs) this.cut(pair);
	}

	unblock(): void {
		this.blocked = false;
	}

	close(): void {
		this.block();
		this.server.close();
	}

	private pass(near: Socket, port: number): void {
		if (this.blocked) {
			near.on("error", () => {});
			near.destroy();
			return;
		}
		const far = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
		const pair = [near, far] as const;
		this.pairs.add(pair);
		for (const [from, to] of [pair, [far, near]] as const) {
			from.pipe(to);
			from.on("error", () => this.cut(pair));
			from.on("close", () => this.cut(pair));
		}
	}

	private cut(pair: readonly [Socket, Socket]): void {
		this.pairs.delete(pair);
		for (const socket of pair) socket.destroy();
	}
}
