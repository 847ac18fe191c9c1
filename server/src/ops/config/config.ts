// The configuration as the server takes it: checked, complete, read-only. Made from the table in settings.ts.
import { TIMING, type Timing } from "@verbatim/protocol";
import { checkedServerLimits, SERVER_LIMITS, type ServerLimits } from "../../limits.ts";
import type { LogFormat, LogLevel } from "../log.ts";
import type { ProviderSetting } from "./providers.ts";
import { SETTING_KEYS, type SettingValues } from "./settings.ts";

export interface Config {
	/** Folder of the database. */
	readonly data: string;
	readonly store: "sqlite" | "memory";
	readonly http: DoorConfig;
	readonly tcp: DoorConfig;
	readonly ops: DoorConfig;
	/** Serve the web page. */
	readonly page: boolean;
	/** Origins that may connect beside the server's own; `*` for all. */
	readonly origins: readonly string[];
	/** Addresses and networks of proxies whose forwarding headers are believed. */
	readonly proxies: readonly string[];
	readonly guests: boolean;
	readonly registration: boolean;
	/** File with the key that signs tokens; undefined: kept with the data. */
	readonly tokenKeyFile: string | undefined;
	readonly providers: readonly ProviderSetting[];
	readonly log: { readonly level: LogLevel; readonly format: LogFormat };
	readonly limits: ServerLimits;
	readonly doorLimits: {
		readonly connectionsPerAddress: number;
		readonly connections: number;
		readonly loginsPerMinute: number;
	};
	readonly timing: Timing;
}

export interface DoorConfig {
	/** `HOST:PORT`, `:PORT`, `unix:/path`; undefined: switched off. */
	readonly address: string | undefined;
	/** Paths of certificate and key. */
	readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** Puts the values in their shape. Throws `RangeError` if they contradict each other. */
export function configOf(values: SettingValues): Config {
	const door = (name: "http" | "tcp" | "ops"): DoorConfig => ({
		address: values[name] === "off" ? undefined : values[name],
		tls: tlsOf(name, values[`tls.${name}.cert`], values[`tls.${name}.key`]),
	});
	const limits = { ...SERVER_LIMITS, ...group(values, "limits.") };
	if (values.http === "off" && values.tcp === "off") throw new RangeError("http and tcp are both off: nobody could connect");
	return {
		data: values.data,
		store: values.store,
		http: door("http"),
		tcp: door("tcp"),
		ops: door("ops"),
		page: values.page,
		origins: values.origins,
		proxies: values.proxies,
		guests: values.guests,
		registration: values.registration,
		tokenKeyFile: values.tokenKeyFile || undefined,
		providers: values.providers,
		log: { level: values["log.level"], format: values["log.format"] },
		limits: checkedServerLimits(limits),
		doorLimits: {
			connectionsPerAddress: values["limits.connectionsPerAddress"],
			connections: values["limits.connections"],
			loginsPerMinute: values["limits.loginsPerMinute"],
		},
		timing: { ...TIMING, ...group(values, "timing.") },
	};
}

function tlsOf(name: string, cert: string, key: string): DoorConfig["tls"] {
	if ((cert === "") !== (key === ""))
		throw new RangeError(`tls.${name}.cert and tls.${name}.key go together: one of them is missing`);
	return cert === "" ? undefined : { cert, key };
}

/** The settings under a prefix, without it. The table's types hold that each is a number. */
function group(values: SettingValues, prefix: string): Readonly<Record<string, number>> {
	const found: Record<string, number> = {};
	for (const key of SETTING_KEYS) {
		const value = values[key];
		if (key.startsWith(prefix) && typeof value === "number") found[key.slice(prefix.length)] = value;
	}
	return found;
}
