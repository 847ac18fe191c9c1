// Addresses, proxies, origins and connection admission: the parts that need no socket.
import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { ADMISSION_LIMITS, ConnectionAdmission } from "../../src/admit/connections.ts";
import { createProxies, peerAddress, UNIX_PEER } from "../../src/link/peer-address.ts";
import { AddressError, parseAddress, showAddress } from "../../src/listen/socket/address.ts";
import { createOrigins } from "../../src/listen/web/origin.ts";

test("an address is parsed and formatted", () => {
	for (const [text, address, shown] of [
		["127.0.0.1:8080", { kind: "tcp", host: "127.0.0.1", port: 8080 }, "127.0.0.1:8080"],
		["chat.example.org:0", { kind: "tcp", host: "chat.example.org", port: 0 }, "chat.example.org:0"],
		["[::1]:9000", { kind: "tcp", host: "::1", port: 9000 }, "[::1]:9000"],
		[":8080", { kind: "tcp", host: "::", port: 8080 }, "[::]:8080"],
		["*:8080", { kind: "tcp", host: "::", port: 8080 }, "[::]:8080"],
		["unix:/run/verbatim.sock", { kind: "unix", path: "/run/verbatim.sock" }, "unix:/run/verbatim.sock"],
	] as const) {
		expect(parseAddress(text)).toEqual(address);
		expect(showAddress(parseAddress(text))).toBe(shown);
	}
});

test("an invalid address is refused with what is wrong and what is allowed", () => {
	for (const [text, why] of [
		["localhost", "the port is missing"],
		["8080", "the port is missing"],
		["localhost:http", "host or port cannot be read"],
		["localhost:65536", "a port is a number from 0 to 65535"],
		["localhost:123456", "host or port cannot be read"],
		["::1:8080", "an IPv6 address stands in brackets"],
		["http://localhost:8080", "host or port cannot be read"],
		["unix:", "the path is missing"],
		[`unix:/${"x".repeat(120)}`, "at most 103 bytes"],
		["unix:/a\0b", "zero byte"],
	]) {
		expect(() => parseAddress(text ?? "")).toThrow(AddressError);
		expect(() => parseAddress(text ?? "")).toThrow(why);
		expect(() => parseAddress(text ?? "")).toThrow("write HOST:PORT, [IPv6]:PORT, :PORT or unix:/path");
	}
});

test("a peer's address has one spelling", () => {
	expect(peerAddress("::ffff:192.0.2.7")).toBe("192.0.2.7");
	expect(peerAddress("2001:DB8::1")).toBe("2001:db8::1");
	expect(peerAddress(undefined)).toBe(UNIX_PEER);
	expect(peerAddress("")).toBe(UNIX_PEER);
});

test("X-Forwarded-For is trusted hop by hop, from listed proxies only", () => {
	const proxies = createProxies(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "unix"]);
	for (const [direct, header, peer] of [
		["203.0.113.5", "1.2.3.4", "203.0.113.5"],
		["10.1.1.1", null, "10.1.1.1"],
		["10.1.1.1", "1.2.3.4", "1.2.3.4"],
		["10.1.1.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
		["10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"],
		["10.1.1.1", "1.2.3.4:5678", "1.2.3.4"],
		["2001:db8::9", "[2a00::1]:443", "2a00::1"],
		["192.0.2.1", "::ffff:1.2.3.4", "1.2.3.4"],
		["unix", "1.2.3.4", "1.2.3.4"],
		["10.1.1.1", "unknown", "10.1.1.1"],
		["10.1.1.1", "1.2.3.4, nonsense", "10.1.1.1"],
		["10.1.1.1", "10.2.2.2", "10.2.2.2"],
		["10.1.1.1", "1.2.3.4,".repeat(10_000), "10.1.1.1"],
	] as const) {
		expect([direct, header?.slice(0, 40), proxies.peerBehind(direct, header)]).toEqual([direct, header?.slice(0, 40), peer]);
	}
	expect(createProxies([]).peerBehind("127.0.0.1", "1.2.3.4")).toBe("127.0.0.1");
	for (const wrong of ["10.0.0.0/33", "10.0.0.0/x", "proxy.example", "10.0.0.0/8/8", ""]) {
		expect(() => createProxies([wrong])).toThrow(RangeError);
	}
});

test("an origin is compared as a whole", () => {
	const origins = createOrigins(["https://chat.example.org", "not an origin"]);
	expect(origins.allows(null, "x")).toBe(true);
	expect(origins.allows("https://a.example", "a.example")).toBe(true);
	expect(origins.allows("https://A.example:443", "a.example")).toBe(true);
	for (const other of ["https://a.example:8443", "https://nota.example", "https://evil.a.example", "https://a.example.evil"]) {
		expect(origins.allows(other, "a.example")).toBe(false);
	}
	expect(origins.allows("https://a.example", null)).toBe(false);
	expect(origins.allows("https://chat.example.org", "a.example")).toBe(true);
	expect(origins.allows("not an origin", "a.example")).toBe(false);
	expect(createOrigins(["*"]).allows("null", "a.example")).toBe(true);
});

const limits = { ...ADMISSION_LIMITS, connectionsPerAddressMax: 2, connectionsMax: 3 };

test("connections are limited by address, by IPv6 /64, and in total", () => {
	const admission = new ConnectionAdmission(limits, new VirtualClock());
	expect(admission.admit("2001:db8::1").ok).toBe(true);
	expect(admission.admit("2001:db8:0:0:ffff::2").ok).toBe(true);
	expect(admission.admit("2001:db8::3")).toEqual({ ok: false, reason: "address", retryAfterMs: 5_000 });
	expect(admission.admit("2001:db8:0:1::1").ok).toBe(true);
	expect(admission.admit("192.0.2.1")).toEqual({ ok: false, reason: "total", retryAfterMs: 5_000 });
	admission.release("2001:db8::1");
	expect(admission.open).toBe(2);
	expect(admission.admit("2001:db8::3", "request").ok).toBe(true);
});

test("new connections are limited in rate by address and in total, on Unix sockets only in total", async () => {
	const clock = new VirtualClock();
	const admission = new ConnectionAdmission(
		{
			connectionsPerAddressMax: 1_000,
			connectionsMax: 1_000,
			opensPerAddress: { perSecond: 1, burst: 2 },
			opens: { perSecond: 10, burst: 5 },
			refusalsPerAddress: { perSecond: 1e6, burst: 1e6 },
			filesPerAddress: { perSecond: 1, burst: 1 },
		},
		clock,
	);
	const outcome = (address: string) => {
		const decision = admission.admit(address);
		return decision.ok ? "in" : `${decision.reason} ${decision.retryAfterMs}`;
	};
	expect([outcome("192.0.2.1"), outcome("192.0.2.1"), outcome("192.0.2.1")]).toEqual(["in", "in", "rate 1000"]);
	// The rate does not apply to requests.
	expect(admission.admit("192.0.2.1", "request").ok).toBe(true);
	expect(admission.refusalOf("192.0.2.1")).toEqual({ ok: false, reason: "rate", retryAfterMs: 1_000 });
	expect(admission.refusalOf("192.0.2.2")).toBeUndefined();
	// Files of the page have a rate of their own and do not count as connections.
	expect([admission.admitFile("192.0.2.1").ok, admission.admitFile("192.0.2.1").ok, admission.admitFile("192.0.2.2").ok]).toEqual(
		[true, false, true],
	);
	expect(admission.open).toBe(3);
	expect([outcome("unix"), outcome("unix"), outcome("unix"), outcome("unix")]).toEqual(["in", "in", "in", "rate 100"]);
	await clock.advance(1_000);
	expect([outcome("192.0.2.1"), outcome("192.0.2.1")]).toEqual(["in", "rate 1000"]);
});

test("released addresses are forgotten", () => {
	const admission = new ConnectionAdmission(
		{ ...ADMISSION_LIMITS, opensPerAddress: { perSecond: 1e6, burst: 1e6 } },
		new VirtualClock(),
	);
	for (let n = 0; n < 1_000; n++) {
		expect(admission.admit(`192.0.2.${n % 256}`).ok).toBe(true);
		admission.release(`192.0.2.${n % 256}`);
	}
	expect(admission.open).toBe(0);
});
