// The server's configuration: validated, complete, read-only. Made from the table in settings.ts.
import { TIMING, type Timing } from "@verbatim/protocol";
import { ADMISSION_LIMITS, type AdmissionLimits } from "../../admit/connections.ts";
import { checkedServerLimits, SERVER_LIMITS, type ServerLimits } from "../../base/limits.ts";
import type { ListenerSpec } from "../../listen/socket/listener.ts";
import type { TlsFiles } from "../../listen/socket/tls.ts";
import type { LogFormat, LogLevel } from "../log/log.ts";
import type { ProviderSetting } from "./providers.ts";
import { SETTING_KEYS, type SettingValues } from "./settings.ts";

export interface DatabaseSettings {
	readonly address: string;
	readonly passwordFile: string | undefined;
	readonly caFile: string | undefined;
}

export interface BusSettings {
	readonly address: string;
	readonly passwordFile: string | undefined;
	readonly caFile: string | undefined;
}

export interface Config {
	/** Folder of the database. */
	readonly data: string;
	readonly store: "sqlite" | "memory" | "postgres";
	/** Of a store on PostgreSQL. */
	readonly database: DatabaseSettings | undefined;
	/** Threads that serve clients; `auto`: one for each core. */
	readonly workers: number | "auto";
	/** Between servers on one PostgreSQL; undefined: they learn of each other by the database alone. */
	readonly bus: BusSettings | undefined;
	/** Listeners; undefined: switched off. */
	readonly http: ListenerSpec | undefined;
	readonly tcp: ListenerSpec | undefined;
	readonly ops: ListenerSpec | undefined;
	/** The administrators' API on a socket in the data folder. */
	readonly admin: boolean;
	/** File with the token for it on the operations port; undefined: not served there. */
	readonly adminTokenFile: string | undefined;
	/** Serve the web page. */
	readonly page: boolean;
	/** Origins that may connect beside the server's own; `*` for all. */
	readonly origins: readonly string[];
	/** Addresses and networks of proxies whose forwarding headers are trusted. */
	readonly proxies: readonly string[];
	readonly guests: boolean;
	readonly registration: boolean;
	/** File with the key that signs tokens; undefined: kept with the data. */
	readonly tokenKeyFile: string | undefined;
	readonly providers: readonly ProviderSetting[];
	readonly log: { readonly level: LogLevel; readonly format: LogFormat };
	readonly limits: ServerLimits;
	readonly admission: AdmissionLimits;
	readonly loginsPerMinute: number;
	/** Memory of the process at which all optional work is shed; 0: what the machine, or the container, has. */
	readonly memoryBytesMax: number;
	readonly timing: Timing;
}

/** Builds the configuration from its values. Throws `RangeError` if they contradict each other. */
export function configOf(values: SettingValues): Config {
	const listener = (name: "http" | "tcp" | "ops"): ListenerSpec | undefined => {
		const tls = tlsOf(name, values[`tls.${name}.cert`], values[`tls.${name}.key`]);
		return values[name] === "off" ? undefined : { address: values[name], ...(tls && { tls }) };
	};
	const limits = overridden(SERVER_LIMITS, "limits.", values);
	if (values.http === "off" && values.tcp === "off") throw new RangeError("http and tcp are both off: nobody could connect");
	return {
		data: values.data,
		...storeOf(values),
		workers: workersOf(values),
		bus: busOf(values),
		http: listener("http"),
		tcp: listener("tcp"),
		ops: listener("ops"),
		admin: values.admin,
		adminTokenFile: values.adminTokenFile || undefined,
		page: values.page,
		origins: values.origins,
		proxies: values.proxies,
		guests: values.guests,
		registration: values.registration,
		tokenKeyFile: values.tokenKeyFile || undefined,
		providers: values.providers,
		log: { level: values["log.level"], format: values["log.format"] },
		limits: checkedServerLimits(limits),
		admission: {
			connectionsPerAddressMax: values["limits.connectionsPerAddress"],
			connectionsMax: values["limits.connections"],
			opensPerAddress: { perSecond: values["limits.opensPerAddressPerSecond"], burst: values["limits.opensPerAddressBurst"] },
			opens: { perSecond: values["limits.opensPerSecond"], burst: values["limits.opensBurst"] },
			refusalsPerAddress: ADMISSION_LIMITS.refusalsPerAddress,
			filesPerAddress: ADMISSION_LIMITS.filesPerAddress,
		},
		loginsPerMinute: values["limits.loginsPerMinute"],
		memoryBytesMax: values["limits.memoryBytesMax"],
		timing: overridden(TIMING, "timing.", values),
	};
}

function storeOf(values: SettingValues): Pick<Config, "store" | "database"> {
	const { store: given, storePasswordFile, storeCaFile } = values;
	if (given === "sqlite" || given === "memory") return { store: given, database: undefined };
	const files = { passwordFile: storePasswordFile || undefined, caFile: storeCaFile || undefined };
	return { store: "postgres", database: { address: given, ...files } };
}

function busOf({ bus, busPasswordFile, busCaFile, store }: SettingValues): BusSettings | undefined {
	if (bus === "") return undefined;
	if (store === "sqlite" || store === "memory") {
		throw new RangeError("bus is for several servers on one database: set store to postgres://…, or leave bus out");
	}
	return { address: bus, passwordFile: busPasswordFile || undefined, caFile: busCaFile || undefined };
}

function workersOf({ workers, store }: SettingValues): Config["workers"] {
	if (workers === 1 || store === "sqlite" || store === "memory") return workers;
	throw new RangeError(
		"workers is for one server with its data in its folder: on postgres://… start several servers, and leave workers at 1",
	);
}

function tlsOf(name: string, cert: string, key: string): TlsFiles | undefined {
	if ((cert === "") !== (key === ""))
		throw new RangeError(`tls.${name}.cert and tls.${name}.key go together: one of them is missing`);
	return cert === "" ? undefined : { cert, key };
}

/** `standard`, with the settings of the same names under `prefix`. The types of the table ensure that each is a number. */
function overridden<T extends object>(standard: T, prefix: string, values: SettingValues): T {
	const result: T = { ...standard };
	for (const key of SETTING_KEYS) {
		const name = key.slice(prefix.length);
		if (key.startsWith(prefix) && Object.hasOwn(standard, name)) Object.assign(result, { [name]: values[key] });
	}
	return result;
}
