// The text that a started server prints: its addresses, and what to do next. Plain text on the standard output, also to a pipe; the log
// goes to the standard error output.
import { resolve } from "node:path";
import { type Config, type RunningServer, showAddress, withoutPassword } from "@verbatim/server";

type Listener = NonNullable<RunningServer["http"]>;

export interface BannerFacts {
	readonly server: Pick<RunningServer, "http" | "tcp" | "ops">;
	readonly config: Pick<Config, "data" | "store" | "database" | "page">;
	readonly version: string;
	/** Started by `npm start`: suggests npm commands. */
	readonly byNpm: boolean;
}

export function banner({ server, config, version, byNpm }: BannerFacts): string {
	const { http, tcp, ops } = server;
	const chat = http && `${byNpm ? "npm run chat" : "verbatim chat"}${chatArguments(http, byNpm)}`;
	const lines: Array<readonly [string, string] | undefined> = [
		http && [config.page ? "web page" : "http", urlOf(http)],
		tcp && ["nc, telnet", personLine(tcp)],
		chat === undefined ? undefined : ["terminal", chat],
		ops && ["operations", urlOf(ops)],
		["data", dataWords(config)],
	];
	const rows = lines.flatMap((line) => (line ? [`  ${line[0].padEnd(10)}  ${line[1]}`] : []));
	return [`Verbatim ${version} is listening.`, "", ...rows, "", next(http, tcp, chat, config.page), ""].join("\n");
}

function dataWords({ store, database, data }: Pick<Config, "store" | "database" | "data">): string {
	if (store === "memory") return "in memory only: forgotten at the end";
	return database === undefined ? resolve(data) : withoutPassword(database.address);
}

/** A URL that works on this machine. */
export function urlOf({ address, secure }: Listener): string {
	if (address.kind === "unix") return showAddress(address);
	return `${secure ? "https" : "http"}://${localAddress(address)}`;
}

function next(http: Listener | undefined, tcp: Listener | undefined, chat: string | undefined, page: boolean): string {
	const ways = [
		http && page && http.address.kind === "tcp" ? `open ${urlOf(http)}` : undefined,
		tcp && personLine(tcp),
		chat,
	].filter((way) => way !== undefined);
	return `What next: ${ways.join(", or: ")}. Ctrl+C stops it.`;
}

function personLine({ address, secure }: Listener): string {
	if (address.kind === "unix") return `nc -U ${address.path}`;
	const [host, port] = [localHost(address.host), address.port];
	return secure ? `openssl s_client -quiet -connect ${localAddress(address)}` : `nc ${host} ${port}`;
}

function chatArguments({ address, secure }: Listener, byNpm: boolean): string {
	if (address.kind === "unix") return "";
	if (address.port === 8080 && !secure && localHost(address.host) === "localhost") return "";
	return `${byNpm ? " --" : ""} --server ${secure ? "wss" : "ws"}://${localAddress(address)}/ws`;
}

/** A wildcard address is shown as localhost. */
function localHost(host: string): string {
	return ["::", "0.0.0.0", "localhost"].includes(host) ? "localhost" : host;
}

function localAddress({ host, port }: { readonly host: string; readonly port: number }): string {
	return showAddress({ kind: "tcp", host: localHost(host), port });
}
