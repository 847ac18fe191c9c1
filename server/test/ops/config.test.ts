import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TIMING } from "@verbatim/protocol";
import { parse } from "smol-toml";
import { SERVER_LIMITS } from "../../src/base/limits.ts";
import { readConfigFile } from "../../src/ops/config/file.ts";
import { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from "../../src/ops/config/load.ts";
import { nearest } from "../../src/ops/config/nearest.ts";
import { environmentName, SETTING_KEYS } from "../../src/ops/config/settings.ts";
import { exampleConfig, settingRows, showConfig } from "../../src/ops/config/show.ts";

interface Given {
	readonly flags?: Record<string, string>;
	readonly environment?: Record<string, string>;
	readonly file?: Record<string, unknown>;
}

function load({ flags = {}, environment = {}, file }: Given): LoadedConfig {
	const sources: ConfigSources = {
		flags: new Map(Object.entries(flags)),
		environment,
		...(file && { file: { path: "verbatim.toml", values: file } }),
	};
	return loadConfig(sources);
}

function problemsOf(given: Given): readonly string[] {
	try {
		load(given);
	} catch (error) {
		if (error instanceof ConfigError) return error.problems;
		throw error;
	}
	throw new Error("nothing was wrong with it");
}

describe("sources", () => {
	test("without any, the defaults apply", () => {
		const { config } = load({});
		expect(config.data).toBe("./data");
		expect(config.http).toEqual({ address: ":8080" });
		expect(config.tcp).toEqual({ address: ":9000" });
		expect(config.ops).toEqual({ address: "127.0.0.1:9464" });
		expect(config.limits).toEqual(SERVER_LIMITS);
		expect(config.timing).toEqual(TIMING);
		expect(config.admission.connectionsPerAddressMax).toBe(64);
		expect(config.admission.connectionsMax).toBe(100_000);
		expect(config.limits.sendsPerSecond).toBe(10);
		expect(config.limits.sendsBurst).toBe(20);
		expect(config.timing.drainMs).toBe(10_000);
	});

	test("a flag overrides the environment, that the file, that the default", () => {
		const file = { limits: { sendsPerSecond: 1, sendsBurst: 2, asksBurst: 3 } };
		const environment = { VERBATIM_LIMITS_SENDS_PER_SECOND: "4", VERBATIM_LIMITS_SENDS_BURST: "5" };
		const { config, origins } = load({ file, environment, flags: { "limits.sendsPerSecond": "6" } });
		expect(config.limits).toMatchObject({ sendsPerSecond: 6, sendsBurst: 5, asksBurst: 3, asksPerSecond: 50 });
		expect(origins.get("limits.sendsPerSecond")).toBe("--limits.sendsPerSecond");
		expect(origins.get("limits.sendsBurst")).toBe("VERBATIM_LIMITS_SENDS_BURST");
		expect(origins.get("limits.asksBurst")).toBe("verbatim.toml");
		expect(origins.get("limits.asksPerSecond")).toBe("default");
	});

	test("every setting has its own environment variable", () => {
		expect(environmentName("tls.http.cert")).toBe("VERBATIM_TLS_HTTP_CERT");
		expect(new Set(SETTING_KEYS.map(environmentName)).size).toBe(SETTING_KEYS.length);
	});

	test("variables of Kubernetes and of client commands do not stop a server", () => {
		const environment = {
			VERBATIM_SERVICE_HOST: "10.0.0.1",
			VERBATIM_SERVICE_PORT_HTTP: "8080",
			VERBATIM_PORT: "tcp://10.0.0.1:8080",
			VERBATIM_PORT_8080_TCP_ADDR: "10.0.0.1",
			VERBATIM_PASSWORD: "hunter2",
		};
		expect(load({ environment }).config.http).toEqual({ address: ":8080" });
	});
});

describe("a configuration error", () => {
	test.each([
		["http", "localhost", "HOST:PORT"],
		["http", "localhost:99999", "HOST:PORT"],
		["limits.sendsPerSecond", "0", "above 0"],
		["limits.sendsPerSecond", "", "above 0"],
		["limits.frameBytesMax", "12", "4096"],
		["limits.frameBytesMax", "64 bananas", "KiB"],
		["timing.drainMs", "-1", "milliseconds"],
		["timing.drainMs", "1.5s", "milliseconds"],
		["store", "postgres", "sqlite | memory"],
		["bus", "redis.example.org", "redis://HOST"],
		["bus", "redis://redis.example.org/3", "leave it out"],
		["guests", "perhaps", "true or false"],
		["origins", "chat.example.org", "https://chat.example.org"],
		["log.level", "loud", "debug | info"],
	])("%s = %p: name, value, source and what is allowed", (key, value, allowed) => {
		const [problem = ""] = problemsOf({ flags: { [key]: value } });
		expect(problem).toStartWith(`${key}: `);
		expect(problem).toContain(JSON.stringify(value));
		expect(problem).toContain(`--${key}`);
		expect(problem).toContain(allowed);
	});

	test("says what does not go together: a bus without a shared store, and several workers on one", () => {
		expect(problemsOf({ flags: { bus: "redis://redis.example.org" } })[0]).toContain("set store to postgres://");
		const shared = { store: "postgres://verbatim@db.example.org/verbatim" };
		expect(problemsOf({ flags: { ...shared, workers: "2" } })[0]).toContain("start several servers");
		expect(load({ flags: { ...shared, bus: "rediss://ann@redis.example.org" } }).config.bus?.address).toBe(
			"rediss://ann@redis.example.org",
		);
	});

	test("names all problems at once", () => {
		expect(problemsOf({ flags: { http: "x", tcp: "y" }, environment: { VERBATIM_OPS: "z" } })).toHaveLength(3);
	});

	test("names an unknown setting, and the nearest known one", () => {
		expect(problemsOf({ file: { limits: { sendPerSecond: 5 } } })[0]).toContain("did you mean limits.sendsPerSecond?");
		expect(problemsOf({ file: { sendsPerSecond: 5 } })[0]).toContain("did you mean limits.sendsPerSecond?");
		expect(problemsOf({ environment: { VERBATIM_HTPP: ":1" } })[0]).toContain("did you mean VERBATIM_HTTP?");
		expect(problemsOf({ flags: { completelyelse: "1" } })[0]).not.toContain("did you mean");
	});

	test("names settings that contradict each other", () => {
		expect(problemsOf({ flags: { "limits.textBytesMax": "60KiB", "limits.lineBytesMax": "64KiB" } })[0]).toContain(
			"textBytesMax × 6",
		);
		const small = { "limits.outboxBytesMax": "512KiB" };
		expect(problemsOf({ flags: small })[0]).toContain("pageBytesMax × 6 ≤ outboxBytesMax");
		expect(load({ flags: { ...small, "limits.pageBytesMax": "64KiB" } }).config.limits.pageBytesMax).toBe(64 * 1024);
		const smaller = { "limits.outboxBytesMax": "128KiB", "limits.pageBytesMax": "16KiB" };
		expect(problemsOf({ flags: smaller })[0]).toContain("a welcome must fit");
		expect(load({ flags: { ...smaller, "limits.roomsPerUserMax": "100" } }).config.limits.roomsPerUserMax).toBe(100);
		expect(problemsOf({ flags: { "tls.http.cert": "a.pem" } })[0]).toContain("tls.http.key");
		expect(problemsOf({ flags: { http: "off", tcp: "off" } })[0]).toContain("nobody could connect");
	});

	test("is printed one problem a line, with nothing that acts on a terminal", () => {
		const file = { "limits.sendsPerSecond\nhttp": "x", tcp: "\u001b[2J\u009b\u202e\u2028" };
		for (const problem of problemsOf({ file })) expect(problem).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}\u202e]+$/u);
	});

	test("does not repeat a secret", () => {
		const providers = JSON.stringify([{ issuer: "a", audience: "b", secret: "short-but-secret" }]);
		const [problem = ""] = problemsOf({ environment: { VERBATIM_PROVIDERS: providers } });
		expect(problem).toContain("VERBATIM_PROVIDERS");
		expect(problem).toContain("32 characters");
		expect(problem).not.toContain("short-but-secret");
	});
});

describe("values", () => {
	test("times and sizes may have units", () => {
		const { config } = load({ flags: { "timing.drainMs": "3s", "limits.outboxBytesMax": "2MiB" } });
		expect(config.timing.drainMs).toBe(3_000);
		expect(config.limits.outboxBytesMax).toBe(2 * 1024 * 1024);
	});

	test("a listener can be switched off, or use a Unix socket", () => {
		const { config } = load({ flags: { tcp: "off", http: "unix:/run/verbatim.sock" } });
		expect(config.tcp).toBeUndefined();
		expect(config.http).toEqual({ address: "unix:/run/verbatim.sock" });
	});

	test("identity providers are tables of the file", () => {
		const provider = { issuer: "https://id.example.org", audience: "chat", jwksUrl: "https://id.example.org/keys" };
		expect(load({ file: { providers: [provider] } }).config.providers).toEqual([provider]);
		const wrong = (change: Record<string, unknown>) => problemsOf({ file: { providers: [{ ...provider, ...change }] } })[0];
		expect(wrong({ secret: "x".repeat(32) })).toContain("exactly one");
		expect(wrong({ jwksUrl: "http://id.example.org/keys" })).toContain("https");
		expect(wrong({ issuer: undefined })).toContain("issuer");
		expect(wrong({ jwkUrl: "x" })).toContain('not "jwkUrl"');
	});
});

describe("shown", () => {
	test("the effective configuration names sources, hides secrets, and can be read back", () => {
		const secret = "0123456789abcdef0123456789abcdef";
		const loaded = load({
			flags: { http: "127.0.0.1:1" },
			file: { providers: [{ issuer: "i", audience: "a", secret }], data: 'a "quoted" folder' },
		});
		const shown = showConfig(loaded);
		expect(shown).toMatch(/^http = "127.0.0.1:1" +# --http$/m);
		expect(shown).not.toContain(secret);
		const back = load({ file: { ...parse(shown.replaceAll("[hidden]", secret)) } });
		expect(back.config).toEqual(loaded.config);
	});

	test("any value that is printed can be read back", () => {
		const data = '\u007f\u0085\u202e\u2028\\"\n\u{1f600}';
		const shown = showConfig(load({ flags: { data } }));
		expect(shown).not.toMatch(/[\u007f\u0085\u202e\u2028]/);
		expect(parse(shown).data).toBe(data);
	});

	test("the example is TOML with every setting, and its defaults are the defaults", () => {
		const uncommented = exampleConfig().replaceAll(/^# (?=[a-zA-Z.]+ = )/gm, "");
		expect(load({ file: parse(uncommented) }).config).toEqual(load({}).config);
		for (const key of SETTING_KEYS) expect(uncommented).toContain(`\n${key} = `);
	});

	test("docs/operations.md lists every setting with its default", async () => {
		const page = await Bun.file(join(import.meta.dir, "../../../docs/operations.md")).text();
		for (const { key, standard } of settingRows()) expect(page).toContain(`| \`${key}\` | \`${standard}\` |`);
	});
});

describe("the file", () => {
	let folder = "";
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "verbatim-config-"));
	});
	afterAll(() => rm(folder, { recursive: true }));

	test("is read where it is named; one that is missing or not TOML is an error that names it", async () => {
		const path = join(folder, "a.toml");
		await writeFile(path, "http = ':1'\n[limits]\nsendsBurst = 7\n");
		expect(await readConfigFile(path)).toEqual({ path, values: { http: ":1", limits: { sendsBurst: 7 } } });
		expect(readConfigFile(join(folder, "none.toml"))).rejects.toThrow("none.toml cannot be read");
		await writeFile(path, "http = \n");
		expect(readConfigFile(path)).rejects.toThrow("is not TOML");
	});
});

test("the nearest name is found by spelling, and none if none is near", () => {
	expect(nearest("serv", ["serve", "send", "tail"])).toBe("serve");
	expect(nearest("SERVE", ["serve", "send", "tail"])).toBe("serve");
	expect(nearest("zzz", ["serve", "send", "tail"])).toBeUndefined();
	expect(nearest("sendPerSecond", ["limits.sendsPerSecond", "limits.sendsBurst"])).toBe("limits.sendsPerSecond");
	expect(nearest("Limit.sendsburst", ["limits.sendsPerSecond", "limits.sendsBurst"])).toBe("limits.sendsBurst");
});
