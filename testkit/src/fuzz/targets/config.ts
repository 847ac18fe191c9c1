// The configuration from its three sources at once: flags, environment and a TOML file, with values that fit and values that do not.
import { parse, TomlError } from "smol-toml";
import { parseAddress } from "../../../../server/src/listen/address.ts";
import { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from "../../../../server/src/ops/config/load.ts";
import { environmentName, SETTING_KEYS } from "../../../../server/src/ops/config/settings.ts";
import { showConfig } from "../../../../server/src/ops/config/show.ts";
import { Draw } from "../draw.ts";
import { mustBeHarmless } from "../harmless.ts";
import { Broken, must, mustEqual, type Target } from "../target.ts";

export const config: Target = {
	name: "config",
	feeds: "the configuration from flags, environment and a TOML file",
	holds: [
		"any sources give a configuration or a ConfigError, whose problems each are one line; nothing else is ever thrown",
		"what is shown of a configuration is TOML, and read again it is the same configuration",
		"a provider's secret is never shown, nor told in a problem",
	],
	bytesMax: 900,
	words: ["server/src/ops/config/", "server/src/listen/address.ts"],
	pieces: [
		...SETTING_KEYS.map((key) => `${key} = `),
		"[limits]\n",
		"[[providers]]\n",
		'"',
		"10s",
		"64KiB",
		"1e9",
		"true",
		"off",
		"unix:/x",
		"[::1]:80",
		`secret = "${"s".repeat(32)}"`,
	],
	seeds: () =>
		[
			"",
			'http = "off"\n[limits]\nsendsPerSecond = 5\n',
			`[[providers]]\nissuer = "i"\naudience = "a"\nsecret = "${"s".repeat(32)}"\n`,
		].map((toml) => Uint8Array.from([0, 0, ...Buffer.from(toml)])),
	open: () => ({
		feed(input) {
			const draw = new Draw(input);
			const environment = Object.fromEntries(pairs(draw, environmentName));
			const flags = new Map(pairs(draw, (key) => key));
			const file = fileOf(Buffer.from(draw.rest()).toString());
			if (file === undefined) return "no TOML";
			const loaded = load({ flags, environment, file });
			if (loaded instanceof ConfigError) return `${Math.min(4, loaded.problems.length)} problems`;
			shownAgain(loaded);
			return "loaded";
		},
	}),
};

/** Never in a seed: wherever it turns up, it was a provider's. */
const SECRET = "never-to-be-shown-never-to-be-shown";
const VALUES = [
	"",
	"0",
	"1",
	"-1",
	"1e3",
	"999999999999999999999",
	"true",
	"off",
	"10s",
	"64KiB",
	":0",
	"[::1]:80",
	"unix:/x",
	"*",
	"[]",
	"{}",
	"null",
] as const;

/** What comes from bytes has no halves of characters. */
function given(draw: Draw): string {
	return draw.text().replace(/\p{Surrogate}/gu, "?");
}

/** A few settings with values of all kinds; sometimes a provider with a secret. */
function pairs(draw: Draw, nameOf: (key: (typeof SETTING_KEYS)[number]) => string): [string, string][] {
	return Array.from({ length: draw.below(4) }, () => {
		const key = SETTING_KEYS[draw.below(SETTING_KEYS.length)] ?? "http";
		const named = draw.onceIn(8) ? given(draw) : nameOf(key);
		if (key === "providers" && draw.byte() % 4 !== 3) {
			const secret = draw.pick([SECRET, SECRET.slice(0, 20)]);
			const more = draw.onceIn(3) ? { [given(draw)]: given(draw) } : {};
			return [
				named,
				JSON.stringify([{ issuer: draw.pick(["https://id.example", given(draw)]), audience: "a", secret, ...more }]),
			];
		}
		return [named, draw.onceIn(4) ? given(draw) : draw.pick(VALUES)];
	});
}

function fileOf(toml: string): ConfigSources["file"] {
	try {
		return { path: "verbatim.toml", values: parse(toml) };
	} catch (error) {
		// The parser is somebody else's; that it says so when it is not TOML is its part of the contract.
		if (error instanceof TomlError) return undefined;
		throw error;
	}
}

function load(sources: ConfigSources): LoadedConfig | ConfigError {
	try {
		return loadConfig(sources);
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		must(error.problems.length > 0, "a refusal without a problem");
		must(!error.message.includes(SECRET.slice(0, 20)), "a problem tells a secret");
		for (const problem of error.problems) mustBeHarmless(problem, "a problem");
		return error;
	}
}

function shownAgain(loaded: LoadedConfig): void {
	const shown = showConfig(loaded);
	must(!shown.includes(SECRET), "a secret is shown");
	let values: Record<string, unknown>;
	try {
		values = parse(shown);
	} catch (error) {
		throw new Broken(`what is shown is no TOML: ${error}: ${shown}`);
	}
	for (const door of ["http", "tcp", "ops"] as const) if (loaded.values[door] !== "off") parseAddress(loaded.values[door]);
	// Hidden, a secret cannot be read again.
	if (loaded.values.providers.some(({ secret }) => secret !== undefined)) return;
	const again = loadConfig({ flags: new Map(), environment: {}, file: { path: "shown", values } });
	mustEqual(again.config, loaded.config, "shown and read again, a configuration is another");
}
