// The bus between servers: none, or the address of a Redis.
import { parseRedisAddress, RedisAddressError, withoutRedisPassword } from "../../bus/redis/address.ts";
import { type Kind, quoted, Unfit } from "./kinds.ts";

const ALLOWED = "empty | redis://HOST[:PORT] | rediss://HOST[:PORT]";

export const busKind: Kind<string> = {
	allowed: ALLOWED,
	takes: "redis://…",
	read(raw) {
		if (raw === "") return raw;
		if (typeof raw !== "string") throw new Unfit(ALLOWED);
		try {
			parseRedisAddress(raw);
			return raw;
		} catch (error) {
			if (error instanceof RedisAddressError) throw new Unfit(`${ALLOWED}; ${error.message}`);
			throw error;
		}
	},
	// A password that is to be read back is kept in a file (busPasswordFile).
	toml: (value) => quoted(withoutRedisPassword(value)),
};
