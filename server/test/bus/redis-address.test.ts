import { expect, test } from "bun:test";
import { parseRedisAddress, withoutRedisPassword } from "../../src/bus/redis/address.ts";

test("an address of Redis keeps its password whole, colons and escapes too, and shows none", () => {
	const address = "rediss://ann:a:b%40c@redis.example.org:6380";
	expect(parseRedisAddress(address)).toEqual({
		host: "redis.example.org",
		port: 6380,
		user: "ann",
		password: "a:b@c",
		tls: {},
		shown: "rediss://ann@redis.example.org:6380",
	});
	expect(parseRedisAddress("redis://:a:b@[::1]")).toMatchObject({ host: "::1", port: 6379, password: "a:b" });
	expect(parseRedisAddress("redis://redis.example.org", { password: "of a file" }).password).toBe("of a file");
	expect(withoutRedisPassword(address)).toBe("rediss://ann@redis.example.org:6380");
});
