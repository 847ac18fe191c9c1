// A connection to Redis that comes back by itself and notices when it is silent.
import { createClient } from "@redis/client";
import type { Random } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";

export interface ClientOptions {
	/** `redis[s]://[[user][:password]@]host[:port]`. */
	readonly url: string;
	/** Overrides that of the URL. */
	readonly password?: string;
	readonly random: Pick<Random, "float">;
	readonly log: Pick<Log, "info" | "warn">;
}

/** A connection that brings nothing for so long, not even the answers to pings, is closed and opened anew. */
const SILENT_MS = 3_000;
const PING_MS = 1_000;
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;

export type Client = ReturnType<typeof openClient>;

/** Not connected yet. `returns`: it connects again by itself when it was lost. Being lost and found again is one line of the log each. */
export function openClient(purpose: "publish" | "subscribe", { url, password, random, log }: ClientOptions, returns: boolean) {
	let isDown = false;
	const client = createClient({
		url,
		...(password === undefined ? {} : { password }),
		name: `verbatim-${purpose}`,
		pingInterval: PING_MS,
		// Nothing waits for Redis to come back: what is old by then is found by comparison.
		disableOfflineQueue: true,
		maintNotifications: "disabled",
		socket: {
			connectTimeout: SILENT_MS,
			socketTimeout: SILENT_MS,
			reconnectStrategy: returns && ((retries) => reconnectMs(retries, random)),
		},
	});
	client.on("error", (err: unknown) => {
		if (isDown || !returns) return;
		isDown = true;
		log.warn({ err, purpose }, "Redis is lost: what other nodes say is read from the store until it is back");
	});
	client.on("ready", () => {
		if (isDown) log.info({ purpose }, "connected to Redis again");
		isDown = false;
	});
	return client;
}

/** Before the next try, after `retries` of them: doubles up to a second, with jitter. */
export function reconnectMs(retries: number, random: Pick<Random, "float">): number {
	return Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(retries, 10)) * (0.5 + random.float() / 2);
}
