import { expect, test } from "bun:test";
import { isLocal } from "../../src/transport/local-address.ts";

const local = (host: string): boolean => isLocal(new URL(`ws://${host}/ws`).hostname);

test("loopback and private names and addresses need no network beyond", () => {
	const near = [
		"localhost",
		"chat.localhost",
		"127.0.0.1",
		"127.1",
		"10.2.3.4",
		"172.16.0.1",
		"172.31.9.9",
		"192.168.1.7",
		"169.254.1.1",
	];
	for (const host of [...near, "[::1]", "[fd00::1]", "[fe80::1]"])
		expect({ host, local: local(host) }).toEqual({ host, local: true });
});

test("other names and addresses need one", () => {
	const far = [
		"chat.example.org",
		"localhost.example.org",
		"10.example.org",
		"9.9.9.9",
		"172.15.0.1",
		"172.32.0.1",
		"192.169.0.1",
	];
	for (const host of [...far, "[2001:db8::1]", "fd00.example.org"])
		expect({ host, local: local(host) }).toEqual({ host, local: false });
});
