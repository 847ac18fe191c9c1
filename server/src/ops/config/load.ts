// Loads the configuration: flags before environment before file before defaults. All problems are reported at once, each with the
// setting's name, the value, its source, and what is allowed.
import { escapeControls } from "../../base/escape-controls.ts";
import { withoutPassword } from "../../store/postgres/address.ts";
import { type Config, configOf } from "./config.ts";
import { Unfit } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { environmentName, SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from "./settings.ts";

export interface ConfigSources {
	/** By key, as written on the command line. */
	readonly flags: ReadonlyMap<string, string>;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** The parsed TOML file, if there is one. */
	readonly file?: { readonly path: string; readonly values: Readonly<Record<string, unknown>> };
}

export interface LoadedConfig {
	readonly config: Config;
	readonly values: SettingValues;
	/** Where each value came from: `default`, `--http`, `VERBATIM_HTTP`, `verbatim.toml`. */
	readonly origins: ReadonlyMap<SettingKey, string>;
}

/** The message holds every problem, one a line, with nothing that acts on a terminal. */
export class ConfigError extends Error {
	readonly problems: readonly string[];

	constructor(problems: readonly string[]) {
		super(problems.join("\n"));
		this.name = "ConfigError";
		this.problems = problems;
	}
}

/** Throws `ConfigError`. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
	const problems: string[] = [];
	const given = new Map<SettingKey, { readonly raw: unknown; readonly origin: string }>();
	const unknown = (name: string, origin: string, meant: string | undefined) =>
		problems.push(`${origin}: there is no setting ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);

	if (sources.file) {
		const { path, values } = sources.file;
		for (const [key, raw] of flattened(values)) {
			if (isSetting(key)) given.set(key, { raw, origin: path });
			else unknown(key, path, nearest(key, SETTING_KEYS));
		}
	}
	const keyByVariable = new Map(SETTING_KEYS.map((key) => [environmentName(key), key]));
	for (const [name, raw] of Object.entries(sources.environment)) {
		if (raw === undefined || !isOurs(name)) continue;
		const key = keyByVariable.get(name);
		if (key) given.set(key, { raw, origin: name });
		else unknown(name, "the environment", nearest(name, keyByVariable.keys()));
	}
	for (const [key, raw] of sources.flags) {
		const origin = `--${key}`;
		if (isSetting(key)) given.set(key, { raw, origin });
		else unknown(key, "the command line", nearest(key, SETTING_KEYS));
	}

	const read: Record<string, unknown> = {};
	const origins = new Map<SettingKey, string>();
	for (const key of SETTING_KEYS) {
		const source = given.get(key);
		origins.set(key, source?.origin ?? "default");
		try {
			read[key] = source ? SETTINGS[key].kind.read(source.raw) : SETTINGS[key].default;
		} catch (error) {
			if (!(error instanceof Unfit) || !source) throw error;
			const value = SETTINGS[key].secret ? "" : ` ${withoutPassword(JSON.stringify(source.raw))}`;
			problems.push(`${key}: the value${value} from ${source.origin} does not fit; allowed: ${error.message}`);
		}
	}
	if (problems.length > 0) throw new ConfigError(problems.map(escapeControls));
	const values = read as SettingValues;
	try {
		return { config: configOf(values), values, origins };
	} catch (error) {
		if (error instanceof RangeError) throw new ConfigError([escapeControls(error.message)]);
		throw error;
	}
}

function isSetting(key: string): key is SettingKey {
	return Object.hasOwn(SETTINGS, key);
}

/**
 * Environment variables for the server. Excluded are those of the client commands and the path of the file; and Kubernetes'
 * `VERBATIM_SERVICE_…` and `VERBATIM_PORT…`, which every pod beside a service of this name gets.
 */
function isOurs(name: string): boolean {
	if (!name.startsWith("VERBATIM_")) return false;
	if (/^VERBATIM_(SERVICE_|PORT$|PORT_)/.test(name)) return false;
	return !CLIENT_VARIABLES.has(name);
}

/** Read by the command line, not by the server. */
export const CLIENT_VARIABLES: ReadonlySet<string> = new Set([
	"VERBATIM_CONFIG",
	"VERBATIM_SERVER",
	"VERBATIM_USER",
	"VERBATIM_PASSWORD",
	"VERBATIM_TOKEN",
	"VERBATIM_GUEST",
]);

/** `{limits: {sendsPerSecond: 5}}` as `limits.sendsPerSecond`, 5. Where a setting takes tables, they are not flattened. */
function* flattened(table: Readonly<Record<string, unknown>>, prefix = ""): Generator<readonly [string, unknown]> {
	for (const [name, value] of Object.entries(table)) {
		const key = prefix + name;
		const isTable = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
		if (isTable && !isSetting(key)) yield* flattened(value as Readonly<Record<string, unknown>>, `${key}.`);
		else yield [key, value];
	}
}
