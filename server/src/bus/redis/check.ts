// Start-up check of Redis: log-in, permissions, version. A Redis that does not answer does not stop the start: a node runs without it.

import type { Random } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { RedisAddress } from "./address.ts";
import { openClient } from "./client.ts";
import { BusOpenError } from "./open-error.ts";

/** The first version with sharded channels. */
const VERSION_MIN = 7;

/** Resolves with whether Redis answers. Rejects with `BusOpenError`. */
export async function checkRedis(
	address: RedisAddress,
	channel: string,
	random: Pick<Random, "float">,
	log: Pick<Log, "warn">,
): Promise<boolean> {
	const client = openClient("check", { address, random, log: { info() {}, warn() {} } }, false);
	client.on("error", () => undefined);
	try {
		await client.connect();
		const info = await client.info("server");
		const version = /^redis_version:(\d+)/m.exec(info)?.[1];
		if (version !== undefined && Number(version) < VERSION_MIN) {
			throw new BusOpenError(
				`Redis at ${address.shown} is of version ${version}; the bus needs ${VERSION_MIN} or later (sharded channels)`,
			);
		}
		await client.sSubscribe(channel, () => {}, false);
		await client.sUnsubscribe(channel);
		await client.sPublish(channel, "");
		return true;
	} catch (cause) {
		if (cause instanceof BusOpenError) throw cause;
		const words = cause instanceof Error ? cause.message : String(cause);
		if (/^(WRONGPASS|NOAUTH|NOPERM)|AUTH/.test(words)) throw new BusOpenError(refusedWords(words, address), cause);
		log.warn(
			{ err: cause, address: address.shown },
			"Redis does not answer; until it does, what other nodes commit is read from the store",
		);
		return false;
	} finally {
		if (client.isOpen) client.destroy();
	}
}

function refusedWords(words: string, { shown }: RedisAddress): string {
	if (/NOPERM/.test(words)) {
		return `Redis at ${shown} does not allow this user what the bus needs: ACL SETUSER … resetchannels &verbatim:* +ping +hello +client +info +spublish +ssubscribe +sunsubscribe (${words})`;
	}
	return `Redis at ${shown} refuses the password, or wants one: give it with busPasswordFile (${words})`;
}
