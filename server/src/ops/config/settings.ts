// Every setting in one table: key, kind, default, description. Flags (`--limits.sendsPerSecond 50`), environment
// (`VERBATIM_LIMITS_SENDS_PER_SECOND=50`), the TOML file, `verbatim config` and its example are made from it.
import { TIMING, type Timing } from "@verbatim/protocol";
import { ADMISSION_LIMITS } from "../../admit/connections.ts";
import { SERVER_LIMITS, type ServerLimits } from "../../base/limits.ts";
import { AddressError, parseAddress } from "../../listen/socket/address.ts";
import { busKind } from "./bus-kind.ts";
import { bytes, duration, integer, integerOrAuto, type Kind, list, oneOf, rate, text, truth } from "./kinds.ts";
import { providerList } from "./providers.ts";
import { storeKind } from "./store-kind.ts";

export interface Setting<T> {
	readonly kind: Kind<T>;
	readonly default: T;
	readonly about: string;
	/** Error messages do not repeat the value. */
	readonly secret?: boolean;
}

const MiB = 1024 * 1024;
const DAY_MS = 86_400_000;
/** Effectively no limit. */
const MANY = 1_000_000;

const address = text("HOST:PORT", "HOST:PORT, :PORT (every interface), [IPv6]:PORT, unix:/path, or off", isAddress);
const file = text("FILE", "the path of a file, or empty");
const origin = (value: string) => value === "*" || /^https?:\/\/[^/\s]+$/.test(value);
const network = (value: string) => /^([0-9.]+|[0-9a-fA-F:.]+)(\/\d{1,3})?$/.test(value) || value === "unix";

const GENERAL = {
	data: setting(
		text("DIR", "the path of a folder", (value) => value !== ""),
		"./data",
		"Folder of the database; made if it is not there. Back up the whole of it.",
	),
	store: setting(
		storeKind,
		"sqlite",
		"Where messages are kept: in the data folder, or in a PostgreSQL. `memory` forgets everything at the end: for trying out and tests.",
	),
	storePasswordFile: setting(file, "", "File whose first line is the password of the PostgreSQL, instead of one in its address."),
	storeCaFile: setting(
		file,
		"",
		"File with certificates (PEM) of who vouches for the PostgreSQL: the connection is encrypted, and its name checked.",
	),
	workers: setting(
		integerOrAuto({ min: 1, max: 64 }),
		1,
		"Threads that serve clients. `auto`: one for each core. With more than one they share the ports, and one more thread owns the data.",
	),
	bus: setting(
		busKind,
		"",
		"The Redis by which servers on one PostgreSQL learn of each other's messages at once. Without it each looks into the database four times a second.",
	),
	busPasswordFile: setting(file, "", "File whose first line is the password of the Redis, instead of one in its address."),
	busCaFile: setting(
		file,
		"",
		"File with certificates (PEM) of who vouches for a Redis with TLS (rediss://), instead of the system's.",
	),
	http: setting(address, ":8080", "HTTP, WebSocket and the web page."),
	tcp: setting(address, ":9000", "TCP: framed clients, and people with nc or telnet."),
	ops: setting(address, "127.0.0.1:9464", "Health and metrics, without any password: keep it from strangers."),
	admin: setting(
		truth,
		true,
		"The administrators' API on a Unix socket, `admin.sock` in the data folder, for the server's own user: `verbatim user` on a server that runs.",
	),
	adminTokenFile: setting(
		file,
		"",
		"File with a token, 32 characters or more: who shows it may use the administrators' API on the operations port, too. Default: nobody may.",
	),
	"tls.http.cert": setting(file, "", "Certificate chain (PEM) of the HTTP port; with its key, the port speaks TLS only."),
	"tls.http.key": setting(file, "", "Private key (PEM) of the HTTP port."),
	"tls.tcp.cert": setting(file, "", "The same for the TCP port."),
	"tls.tcp.key": setting(file, "", "The same for the TCP port."),
	"tls.ops.cert": setting(file, "", "The same for the operations port."),
	"tls.ops.key": setting(file, "", "The same for the operations port."),
	page: setting(truth, true, "Serve the web page on the HTTP port."),
	origins: setting(
		list("ORIGIN,…", "origins like https://chat.example.org, or *", origin),
		[],
		"Web pages of other origins that may connect. The server's own page always may.",
	),
	proxies: setting(
		list("ADDRESS,…", "addresses or networks like 10.0.0.0/8", network),
		[],
		"Reverse proxies whose X-Forwarded-For is believed. Without it every user behind a proxy counts as one address.",
	),
	guests: setting(truth, true, "Anybody may come in with just a name."),
	registration: setting(truth, true, "Anybody may register a name with a password. `verbatim user add` always can."),
	tokenKeyFile: setting(
		file,
		"",
		"File with the keys of tokens, one a line, 32 characters or more: the first signs, all are accepted. Default: one made once, kept with the data.",
	),
	providers: setting(
		providerList,
		[],
		"Identity providers whose tokens are accepted as well: issuer, audience, and one of jwksUrl, keyFile, secret.",
		true,
	),
	"log.level": setting(oneOf("debug", "info", "warn", "error", "silent"), "info", "The least important lines written."),
	"log.format": setting(oneOf("auto", "json", "pretty"), "auto", "`auto`: pretty on a terminal, JSON lines elsewhere."),
};

/** Limits of admission. */
const ADMISSION_SETTINGS = {
	"limits.connectionsPerAddress": setting(
		integer({ min: 1, max: MANY }),
		ADMISSION_LIMITS.connectionsPerAddressMax,
		"Connections of one address (IPv6: of one /64), each tab and terminal one: raise it for a team behind one NAT. The page itself is not counted.",
	),
	"limits.connections": setting(integer({ min: 1, max: MANY }), ADMISSION_LIMITS.connectionsMax, "Connections in all."),
	"limits.opensPerAddressPerSecond": setting(
		rate({ max: MANY }),
		ADMISSION_LIMITS.opensPerAddress.perSecond,
		"New connections of one address, on average.",
	),
	"limits.opensPerAddressBurst": setting(
		integer({ min: 1, max: MANY }),
		ADMISSION_LIMITS.opensPerAddress.burst,
		"New connections of one address at once.",
	),
	"limits.opensPerSecond": setting(rate({ max: MANY }), ADMISSION_LIMITS.opens.perSecond, "New connections in all, on average."),
	"limits.opensBurst": setting(integer({ min: 1, max: MANY }), ADMISSION_LIMITS.opens.burst, "New connections in all at once."),
	"limits.loginsPerMinute": setting(
		integer({ min: 1, max: MANY }),
		30,
		"Log-ins, registrations and guests of one address; the failures of one account have their own, stricter limit.",
	),
	"limits.memoryBytesMax": setting(
		bytes({ min: 0, max: 1024 * 1024 * MiB }),
		0,
		"Memory of the process: close to it, work is let go of in order. 0: what the machine, or the container, has.",
	),
};

// Limits of the wire that clients check too can only be lowered.
const LIMITS: { readonly [L in ConfigurableLimit]: Setting<number> } = {
	frameBytesMax: limit("frameBytesMax", bytes({ min: 4096, max: MiB }), "Longest frame from a client."),
	helloBytesMax: limit("helloBytesMax", bytes({ min: 2048, max: MiB }), "Longest frame from a client before its welcome."),
	frameDownBytesMax: limit(
		"frameDownBytesMax",
		bytes({ min: 16384, max: SERVER_LIMITS.frameDownBytesMax }),
		"Longest frame to a client.",
	),
	textBytesMax: limit("textBytesMax", bytes({ min: 1, max: 512 * 1024 }), "Longest text of a message, as UTF-8."),
	lineBytesMax: limit("lineBytesMax", bytes({ min: 64, max: MiB }), "Longest line in line mode."),
	prefaceBytesMax: limit("prefaceBytesMax", bytes({ min: 64, max: 4096 }), "Longest first line of a framed TCP connection."),
	cidCharsMax: limit("cidCharsMax", integer({ min: 1, max: SERVER_LIMITS.cidCharsMax }), "Longest id of a send."),
	traceCharsMax: limit("traceCharsMax", integer({ min: 1, max: SERVER_LIMITS.traceCharsMax }), "Longest trace id."),
	nameCharsMax: limit("nameCharsMax", integer({ min: 1, max: SERVER_LIMITS.nameCharsMax }), "Longest name."),
	passwordCharsMax: limit("passwordCharsMax", integer({ min: 8, max: 4096 }), "Longest password."),
	tokenBytesMax: limit("tokenBytesMax", bytes({ min: 512, max: 64 * 1024 }), "Longest token."),
	roomsPerUserMax: limit(
		"roomsPerUserMax",
		integer({ min: 1, max: 2_000 }),
		"Rooms that one user has founded, joined or opened; a welcome must hold them.",
	),
	invitationsPerUserMax: limit(
		"invitationsPerUserMax",
		integer({ min: 1, max: 1_000 }),
		"Beside those, open invitations to one user and direct conversations begun by others in which it has said nothing: strangers may fill half, one inviter a tenth.",
	),
	invitationsPerInviterMax: limit(
		"invitationsPerInviterMax",
		integer({ min: 1, max: MANY }),
		"Open invitations by one user; beyond, it can invite only whom it shares a private room or a conversation with.",
	),
	historyEntriesMax: limit("historyEntriesMax", integer({ min: 1, max: 1_000 }), "Entries of one page of history."),
	historyEntriesDefault: limit(
		"historyEntriesDefault",
		integer({ min: 1, max: 1_000 }),
		"The same where a client names no number.",
	),
	pageBytesMax: limit("pageBytesMax", bytes({ min: 4096, max: SERVER_LIMITS.pageBytesMax }), "Bytes of one page."),
	catchUpEntriesMax: limit(
		"catchUpEntriesMax",
		integer({ min: 1, max: MANY }),
		"A client further behind gets the newest page, and fetches the rest when it wants it.",
	),
	commandsInFlightMax: limit(
		"commandsInFlightMax",
		integer({ min: 1, max: 100_000 }),
		"Commands of one connection in flight at once.",
	),
	outboxBytesMax: limit(
		"outboxBytesMax",
		bytes({ min: 16384, max: 1024 * MiB }),
		"Outbox of one connection, in bytes; beyond it the client catches up from the log.",
	),
	outboxesBytesMax: limit("outboxesBytesMax", bytes({ min: MiB, max: 1024 * 1024 * MiB }), "All outboxes together, in bytes."),
	outboxCrowdedBytesMax: limit(
		"outboxCrowdedBytesMax",
		bytes({ min: 4096, max: 1024 * MiB }),
		"Outbox of one connection once that sum is reached.",
	),
	sendsPerSecond: limit("sendsPerSecond", rate({ max: MANY }), "Sends of one user, on average."),
	sendsBurst: limit("sendsBurst", integer({ min: 1, max: MANY }), "Sends of one user at once, after a rest."),
	asksPerSecond: limit("asksPerSecond", rate({ max: MANY }), "All other commands of one user, on average."),
	asksBurst: limit("asksBurst", integer({ min: 1, max: MANY }), "All other commands of one user at once."),
	readBytesPerSecond: limit(
		"readBytesPerSecond",
		bytes({ min: 1024, max: 1024 * MiB }),
		"Bytes of history, lists and missed entries given to one user, on average.",
	),
	readBytesBurst: limit("readBytesBurst", bytes({ min: 1024, max: 1024 * MiB }), "The same at once, after a rest."),
	typingPerSecond: limit("typingPerSecond", rate({ max: MANY }), "Typing notices of one user, on average."),
	typingBurst: limit("typingBurst", integer({ min: 1, max: MANY }), "The same at once."),
	refusalsPerSecond: limit(
		"refusalsPerSecond",
		rate({ max: MANY }),
		"Refusals and pings of one connection, on average; beyond, it is not read for a while.",
	),
	refusalsBurst: limit("refusalsBurst", integer({ min: 1, max: MANY }), "Refusals and pings of one connection at once."),
	malformedPerSecond: limit(
		"malformedPerSecond",
		rate({ max: MANY }),
		"Malformed messages of one connection, on average; beyond, it is closed.",
	),
	malformedBurst: limit("malformedBurst", integer({ min: 1, max: MANY }), "Malformed messages of one connection at once."),
	unauthenticatedRefusalsMax: limit(
		"unauthenticatedRefusalsMax",
		integer({ min: 5, max: MANY }),
		"Refusals and pings of one connection before its welcome; beyond, it is closed.",
	),
	unauthenticatedRefusalsPerAddressPerSecond: limit(
		"unauthenticatedRefusalsPerAddressPerSecond",
		rate({ max: MANY }),
		"The same of one address (IPv6: of one /64), on average.",
	),
	unauthenticatedRefusalsPerAddressBurst: limit(
		"unauthenticatedRefusalsPerAddressBurst",
		integer({ min: 1, max: MANY }),
		"The same of one address at once.",
	),
	turnMsMax: limit(
		"turnMsMax",
		integer({ min: 1, max: 1_000 }),
		"Milliseconds of one turn of the event loop for the messages of one connection; the rest waits.",
	),
	turnBytesMax: limit("turnBytesMax", bytes({ min: 4096, max: 1024 * MiB }), "The same in bytes of messages."),
	heldBytesMax: limit(
		"heldBytesMax",
		bytes({ min: 4096, max: 1024 * MiB }),
		"Bytes of messages of one WebSocket that wait for that.",
	),
	heldMessagesMax: limit("heldMessagesMax", integer({ min: 256, max: MANY }), "Messages of one WebSocket that wait for that."),
	ringEntriesMax: limit("ringEntriesMax", integer({ min: 1, max: 100_000 }), "Newest entries of a live room kept in memory."),
	presenceReadersMax: limit(
		"presenceReadersMax",
		integer({ min: 0, max: MANY }),
		"Rooms with more subscribers get no presence and typing, and lists of more members do not say who is online.",
	),
};

const TIMES: { readonly [T in ConfigurableTime]: Setting<number> } = {
	handshakeMs: time("handshakeMs", "Within which a new connection must send its hello."),
	lineModeAfterMs: time("lineModeAfterMs", "A TCP connection silent for this long gets line mode."),
	lineIdleMs: time("lineIdleMs", "A connection in line mode that sends nothing for this long is closed."),
	frameMs: time("frameMs", "From a frame's first byte to its last, on TCP."),
	heartbeatMs: time("heartbeatMs", "Between heartbeats on a usual link."),
	heartbeatUnsteadyMs: time("heartbeatUnsteadyMs", "Between heartbeats on an unsteady link."),
	heartbeatSlowMs: time("heartbeatSlowMs", "Between heartbeats on a slow but steady link."),
	stalledMs: time("stalledMs", "A client that reads nothing for this long is disconnected; it loses nothing."),
	offlineGraceMs: time("offlineGraceMs", "Until a user without a session is shown as offline."),
	drainMs: time("drainMs", "Within which a server that is stopped must finish."),
};

export const SETTINGS = {
	...GENERAL,
	...ADMISSION_SETTINGS,
	...prefixed("limits", LIMITS),
	...prefixed("timing", TIMES),
};

export type SettingKey = keyof typeof SETTINGS;

/** Every setting's value, by key. */
export type SettingValues = { readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

/**
 * Limits that are not configurable: a seq is a uint32 on the wire and in the store, and the lengths of pages matter to no
 * operator.
 */
export type ConfigurableLimit = Exclude<keyof ServerLimits, "seqMax" | "membersPageMax" | "roomsPageMax" | "presenceUsersMax">;

/** The other times are the client's. */
export type ConfigurableTime = Exclude<
	keyof Timing,
	| "missedSuspect"
	| "missedOffline"
	| "reconnectMinMs"
	| "reconnectMaxMs"
	| "stableMs"
	| "connectMs"
	| "answerMs"
	| "suspectAfterMs"
	| "pongMs"
	| "faultMinMs"
	| "faultMaxMs"
>;

/** The environment variable of a setting: `limits.sendsPerSecond` is `VERBATIM_LIMITS_SENDS_PER_SECOND`. */
export function environmentName(key: string): string {
	return `VERBATIM_${key
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.replaceAll(".", "_")
		.toUpperCase()}`;
}

function isAddress(value: string): boolean {
	if (value === "off") return true;
	try {
		parseAddress(value);
		return true;
	} catch (error) {
		if (error instanceof AddressError) return false;
		throw error;
	}
}

function setting<T>(kind: Kind<T>, standard: T, about: string, secret = false): Setting<T> {
	return { kind, default: standard, about, ...(secret && { secret }) };
}

function limit(name: keyof ServerLimits, kind: Kind<number>, about: string): Setting<number> {
	return setting(kind, SERVER_LIMITS[name], about);
}

function time(name: keyof Timing, about: string): Setting<number> {
	return setting(duration({ min: 1, max: DAY_MS }), TIMING[name], about);
}

function prefixed<P extends string, N extends string>(prefix: P, rows: { readonly [K in N]: Setting<number> }) {
	return Object.fromEntries(Object.entries(rows).map(([name, row]) => [`${prefix}.${name}`, row])) as {
		readonly [K in N as `${P}.${K}`]: Setting<number>;
	};
}
