// The listeners of a server, opened and closed together.
import type { Clock } from "../base/clock.ts";
import { createProxies } from "../link/peer-address.ts";
import { CONNECTION_SETTINGS, type ConnectionSettings } from "./connection/settings.ts";
import { type HttpParts, openHttp } from "./http-listener.ts";
import type { Address } from "./socket/address.ts";
import type { Listener, ListenerSpec } from "./socket/listener.ts";
import { openTcp } from "./tcp-listener.ts";
import { createOrigins } from "./web/origin.ts";

export interface ListenerOptions {
	/** HTTP, WebSocket and the web page; undefined: switched off. */
	readonly http: ListenerSpec | undefined;
	/** Framed clients and line mode; undefined: switched off. */
	readonly tcp: ListenerSpec | undefined;
	/** Origins of web pages that may connect beside the server's own; `*` for all. */
	readonly origins: readonly string[];
	/** Addresses and networks of proxies whose X-Forwarded-For is believed. */
	readonly proxies: readonly string[];
	/** Default: `CONNECTION_SETTINGS`. */
	readonly connection?: ConnectionSettings;
}

/** What listeners need of the server; origins and proxies are configured with them. */
export type ListenerBackend = Omit<HttpParts, "origins" | "proxies">;

export interface BoundListener {
	readonly address: Address;
	readonly secure: boolean;
}

export interface Listeners {
	readonly http: BoundListener | undefined;
	readonly tcp: BoundListener | undefined;
	/** Accepts no new connections and closes those without a session. The caller then drains the sessions. */
	stopListening(): void;
	/** Waits up to `withinMs` until all connections have ended, and cuts the rest. */
	close(withinMs: number): Promise<void>;
}

/** Opens the configured listeners. Rejects with `BindError`, `AddressError` or `RangeError`; then none stays open. */
export async function openListeners(options: ListenerOptions, backend: ListenerBackend): Promise<Listeners> {
	const settings = options.connection ?? CONNECTION_SETTINGS;
	const parts: HttpParts = {
		...backend,
		origins: createOrigins(options.origins),
		proxies: createProxies(options.proxies),
	};
	const http = options.http && (await openHttp(options.http, parts, settings));
	let tcp: Listener | undefined;
	try {
		tcp = options.tcp && (await openTcp(options.tcp, parts, settings));
	} catch (cause) {
		http?.closeAll();
		throw cause;
	}
	const open = [http, tcp].filter((listener) => listener !== undefined);
	return {
		http,
		tcp,
		stopListening() {
			for (const listener of open) listener.stopListening();
		},
		async close(withinMs) {
			for (const listener of open) listener.stopListening();
			if (withinMs > 0) await emptied(open, withinMs, backend.clock);
			for (const listener of open) listener.closeAll();
		},
	};
}

/** Resolves when all are empty, after `withinMs` at the latest. */
function emptied(listeners: readonly Listener[], withinMs: number, clock: Pick<Clock, "after">): Promise<void> {
	return new Promise((resolve) => {
		const cancel = clock.after(withinMs, resolve);
		void Promise.all(listeners.map((listener) => listener.empty())).then(() => {
			cancel();
			resolve();
		});
	});
}
