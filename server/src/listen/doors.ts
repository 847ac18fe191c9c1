// All doors of a server behind one gate: opened together, shut together.
import type { Timing } from "@verbatim/protocol";
import type { Accounts } from "../account/accounts.ts";
import type { Clock, Random } from "../clock.ts";
import type { Commands } from "../command/commands.ts";
import { createFaults } from "../faults.ts";
import type { ServerLimits } from "../limits.ts";
import type { Log } from "../ops/log.ts";
import { LogSampler } from "../ops/log-sampler.ts";
import type { Shedding } from "../overload/shedding.ts";
import type { SessionHost } from "../session/host.ts";
import type { Address } from "./address.ts";
import type { Door, DoorSpec } from "./door.ts";
import { createFormats } from "./formats.ts";
import { Gate, type GateLimits } from "./gate.ts";
import { type HttpParts, openHttp } from "./http.ts";
import { createOrigins } from "./origin.ts";
import type { PageAssets } from "./page.ts";
import type { DoorMetrics } from "./parts.ts";
import { createProxies } from "./peer.ts";
import { openTcp } from "./tcp.ts";
import { TCP_SETTINGS, type TcpSettings } from "./tcp-connection.ts";
import { Turns } from "./turns.ts";

export interface DoorsOptions {
	/** HTTP, WebSocket and the web page; undefined: switched off. */
	readonly http: DoorSpec | undefined;
	/** Framed clients and line mode; undefined: switched off. */
	readonly tcp: DoorSpec | undefined;
	/** Origins of web pages that may connect beside the server's own; `*` for all. */
	readonly origins: readonly string[];
	/** Addresses and networks of proxies whose X-Forwarded-For is believed. */
	readonly proxies: readonly string[];
	readonly limits: ServerLimits;
	readonly timing: Timing;
	readonly gate: GateLimits;
	/** Default: `TCP_SETTINGS`. */
	readonly connection?: TcpSettings;
}

export interface DoorsBehind {
	readonly host: SessionHost;
	readonly commands: Commands;
	readonly accounts: Pick<Accounts, "authenticate" | "refresh">;
	readonly shedding: Shedding;
	readonly page: PageAssets;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Pick<Log, "debug" | "info" | "warn" | "error">;
	readonly metrics: DoorMetrics;
}

export interface OpenDoor {
	readonly address: Address;
	readonly secure: boolean;
}

export interface Doors {
	readonly http: OpenDoor | undefined;
	readonly tcp: OpenDoor | undefined;
	/** No one new comes in, from now on; who has no session yet is sent away. To be followed by the draining of the sessions. */
	stopListening(): void;
	/** Waits until everybody has gone, `withinMs` at most, and cuts who has not. */
	close(withinMs: number): Promise<void>;
}

/** Opens the doors that are configured. Rejects with `BindError`, `AddressError` or `RangeError`, and then none is open. */
export async function openDoors(options: DoorsOptions, behind: DoorsBehind): Promise<Doors> {
	const settings = options.connection ?? TCP_SETTINGS;
	const lines = new LogSampler(behind.log, behind.clock);
	const parts: HttpParts = {
		...behind,
		lines,
		limits: options.limits,
		timing: options.timing,
		gate: new Gate(options.gate, behind.clock),
		turns: new Turns(behind.clock, options.limits, createFaults(behind)),
		formats: createFormats(options.limits),
		origins: createOrigins(options.origins),
		proxies: createProxies(options.proxies),
	};
	const http = options.http && (await openHttp(options.http, parts, settings));
	let tcp: Door | undefined;
	try {
		tcp = options.tcp && (await openTcp(options.tcp, parts, settings));
	} catch (cause) {
		http?.closeAll();
		throw cause;
	}
	const open = [http, tcp].filter((door) => door !== undefined);
	return {
		http,
		tcp,
		stopListening() {
			for (const door of open) door.stopListening();
		},
		async close(withinMs) {
			for (const door of open) door.stopListening();
			if (withinMs > 0) await emptied(open, withinMs, behind.clock);
			for (const door of open) door.closeAll();
			lines.stop();
		},
	};
}

/** Resolves when all are empty, after `withinMs` at the latest. */
function emptied(doors: readonly Door[], withinMs: number, clock: Pick<Clock, "after">): Promise<void> {
	return new Promise((resolve) => {
		const cancel = clock.after(withinMs, resolve);
		void Promise.all(doors.map((door) => door.empty())).then(() => {
			cancel();
			resolve();
		});
	});
}
