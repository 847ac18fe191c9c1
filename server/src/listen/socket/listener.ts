// A door that stands open, whatever is behind it.
import type { Address } from "./address.ts";
import type { TlsFiles } from "./tls.ts";

export interface ListenerSpec {
	/** `HOST:PORT`, `:PORT`, `unix:/path`. */
	readonly address: string;
	readonly tls?: TlsFiles | undefined;
}

export interface Listener {
	/** Where it stands, with the port that it was given. */
	readonly address: Address;
	/** Does it speak TLS? */
	readonly secure: boolean;
	/** No one new comes in; who has no session is sent away. Those with one go on until their host ends them. */
	stopListening(): void;
	/** Resolves when nobody is inside any more. */
	empty(): Promise<void>;
	/** Cuts what is left. */
	closeAll(): void;
}
