// A connection to Redis, with time-outs and back-off.
import { createClient } from "@redis/client";
import type { Random } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { RedisAddress } from "./address.ts";

export interface ClientOptions {
	readonly address: RedisAddress;
	readonly random: Pick<Random, "float">;
	readonly log: Pick<Log, "info" | "warn">;
}

/** A connection that receives nothing for so long, not even the answers to pings, is closed and opened anew. */
const SILENT_MS = 3_000;
const PING_MS = 1_000;
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;

export type Client = ReturnType<typeof openClient>;

/** Not connected yet. `reconnects`: by itself, with one line of the log when the connection is lost and one when it is back. */
export function openClient(
	purpose: "publish" | "subscribe" | "check",
	{ address, random, log }: ClientOptions,
	reconnects: boolean,
) {
	let isDown = false;
	const client = createClient({
		...credentialsOf(address),
		name: `verbatim-${purpose}`,
		pingInterval: PING_MS,
		// No offline queue: old messages are found by comparison with the store.
		disableOfflineQueue: true,
		maintNotifications: "disabled",
		socket: {
			...socketOptionsOf(address),
			connectTimeout: SILENT_MS,
			socketTimeout: SILENT_MS,
			reconnectStrategy: reconnects && ((retries) => reconnectMs(retries, random)),
		},
	});
	client.on("error", (err: unknown) => {
		if (isDown || !reconnects) return;
		isDown = true;
		log.warn(
			{ err, purpose },
			"the connection to Redis is lost; until it is back, what other nodes commit is read from the store",
		);
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

function credentialsOf({ user, password }: RedisAddress): { readonly username?: string; readonly password?: string } {
	return { ...(user === undefined ? {} : { username: user }), ...(password === undefined ? {} : { password }) };
}

function socketOptionsOf({ host, port, tls }: RedisAddress) {
	const socket = { host, port };
	return tls === undefined
		? socket
		: { ...socket, tls: true as const, servername: host, ...(tls.ca === undefined ? {} : { ca: tls.ca }) };
}
