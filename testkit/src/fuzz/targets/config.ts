// The configuration from its three sources at once: flags, environment and a TOML file, with valid and invalid values.
import {
	ConfigError,
	type ConfigSources,
	environmentName,
	type LoadedConfig,
	loadConfig,
	parseAddress,
	SETTING_KEYS,
	showConfig,
} from "@verbatim/server/testing";
import { parse, TomlError } from "smol-toml";
import { Choices } from "../choices.ts";
import { must, mustEqual, PropertyViolation, type Target } from "../target.ts";
import { mustBeTerminalSafe } from "../terminal-safe.ts";

export const config: Target = {
	name: "config",
	feeds: "the configuration from flags, environment and a TOML file",
	holds: [
		"any sources give a configuration or a ConfigError, whose problems each are one line; nothing else is ever thrown",
		"what is shown of a configuration is TOML, and read again it is the same configuration",
		"a provider's secret is never shown, nor told in a problem",
	],
	bytesMax: 900,
	words: ["server/src/ops/config/", "server/src/listen/socket/address.ts"],
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
			const choices = new Choices(input);
			const environment = Object.fromEntries(pairs(choices, environmentName));
			const flags = new Map(pairs(choices, (key) => key));
			const file = fileOf(Buffer.from(choices.rest()).toString());
			if (file === undefined) return "no TOML";
			const loaded = load({ flags, environment, file });
			if (loaded instanceof ConfigError) return `${Math.min(4, loaded.problems.length)} problems`;
			shownAgain(loaded);
			return "loaded";
		},
	}),
};

/** In no seed: wherever it occurs in the output, a provider's secret has leaked. */
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
function given(choices: Choices): string {
	return choices.text().replace(/\p{Surrogate}/gu, "?");
}

/** A few settings with values of all kinds; sometimes a provider with a secret. */
function pairs(choices: Choices, nameOf: (key: (typeof SETTING_KEYS)[number]) => string): [string, string][] {
	return Array.from({ length: choices.below(4) }, () => {
		const key = SETTING_KEYS[choices.below(SETTING_KEYS.length)] ?? "http";
		const named = choices.onceIn(8) ? given(choices) : nameOf(key);
		if (key === "providers" && choices.byte() % 4 !== 3) {
			const secret = choices.pick([SECRET, SECRET.slice(0, 20)]);
			const more = choices.onceIn(3) ? { [given(choices)]: given(choices) } : {};
			return [
				named,
				JSON.stringify([{ issuer: choices.pick(["https://id.example", given(choices)]), audience: "a", secret, ...more }]),
			];
		}
		return [named, choices.onceIn(4) ? given(choices) : choices.pick(VALUES)];
	});
}

function fileOf(toml: string): ConfigSources["file"] {
	try {
		return { path: "verbatim.toml", values: parse(toml) };
	} catch (error) {
		// The TOML parser is a library; it must report invalid TOML as such.
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
		for (const problem of error.problems) mustBeTerminalSafe(problem, "a problem");
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
		throw new PropertyViolation(`what is shown is no TOML: ${error}: ${shown}`);
	}
	for (const door of ["http", "tcp", "ops"] as const) if (loaded.values[door] !== "off") parseAddress(loaded.values[door]);
	// Hidden, a secret cannot be read again.
	if (loaded.values.providers.some(({ secret }) => secret !== undefined)) return;
	const again = loadConfig({ flags: new Map(), environment: {}, file: { path: "shown", values } });
	mustEqual(again.config, loaded.config, "shown and read again, a configuration is another");
}
