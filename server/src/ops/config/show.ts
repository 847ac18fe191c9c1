// Prints the configuration as TOML that can be read back: the effective one with each value's source, and a commented example of
// all settings.
import type { LoadedConfig } from "./load.ts";
import { environmentName, SETTING_KEYS, SETTINGS, type SettingKey } from "./settings.ts";

/** The effective configuration, each line with its source. Secrets are hidden. */
export function showConfig({ values, origins }: LoadedConfig): string {
	const lines = SETTING_KEYS.map((key) => ({
		key,
		text: `${key} = ${tomlOf(key, values[key])}`,
		origin: origins.get(key) ?? "default",
	}));
	const width = Math.min(60, Math.max(...lines.map(({ text }) => text.length)));
	return `${lines.map(({ text, origin }) => `${text.padEnd(width)}  # ${origin}`).join("\n")}\n`;
}

/** A file with every setting, its default commented out. */
export function exampleConfig(): string {
	const head = [
		"# Configuration of Verbatim. Everything here is its default; take the # away to change it.",
		"# Each key is also a flag (--limits.sendsPerSecond 50) and a variable (VERBATIM_LIMITS_SENDS_PER_SECOND=50).",
		"# Flags go before variables, variables before this file.",
	];
	const blocks = SETTING_KEYS.map((key) => {
		const { about, kind, default: standard } = SETTINGS[key];
		return [`# ${about}`, `# Allowed: ${kind.allowed}.`, `# ${key} = ${tomlOf(key, standard)}`].join("\n");
	});
	return `${[head.join("\n"), ...blocks].join("\n\n")}\n`;
}

/** One row of the settings' reference: for --help and docs/operations.md. */
export interface SettingRow {
	readonly key: SettingKey;
	readonly variable: string;
	readonly allowed: string;
	readonly standard: string;
	readonly about: string;
	/** A switch, without a value on the command line: `--guests`, `--no-guests`. */
	readonly isSwitch: boolean;
	/** For the help: `HOST:PORT`. */
	readonly takes: string;
}

export function settingRows(): readonly SettingRow[] {
	return SETTING_KEYS.map((key) => ({
		key,
		variable: environmentName(key),
		allowed: SETTINGS[key].kind.allowed,
		standard: tomlOf(key, SETTINGS[key].default),
		about: SETTINGS[key].about,
		isSwitch: SETTINGS[key].kind.takes === undefined,
		takes: SETTINGS[key].kind.takes ?? "",
	}));
}

/** The table ties each key to its kind; the compiler sees only the union of all kinds here. */
function tomlOf(key: SettingKey, value: unknown): string {
	const { kind } = SETTINGS[key] as { readonly kind: { toml(value: unknown): string } };
	return kind.toml(value);
}
