// An open listener: HTTP or TCP.
import type { Address } from "./address.ts";
import type { TlsFiles } from "./tls.ts";

export interface ListenerSpec {
	/** `HOST:PORT`, `:PORT`, `unix:/path`. */
	readonly address: string;
	readonly tls?: TlsFiles | undefined;
	/** Other threads of this process listen on the same port: the system gives each connection to one of them. */
	readonly shared?: boolean;
}

export interface Listener {
	/** The bound address, with its actual port. */
	readonly address: Address;
	/** Does it speak TLS? */
	readonly secure: boolean;
	/** Accepts no new connections and closes those without a session. Sessions live on until their host ends them. */
	stopListening(): void;
	/** Resolves when no connection is left. */
	empty(): Promise<void>;
	/** Cuts all connections. */
	closeAll(): void;
}
