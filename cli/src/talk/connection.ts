// The connection and credential of `send` and `tail`.
import { createHash } from "node:crypto";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { type Client, type Credential, connect, fileTokens, type TokenStore, type VerbatimError } from "@verbatim/client/node";
import type { Arguments, Option } from "../args.ts";
import { askSecret } from "../secret.ts";
import { VERSION } from "../version.ts";
import { DNS_OPTION, parseEndpoint, resolversOf, SERVER_DEFAULT } from "./endpoint.ts";
import { verboseLogger } from "./verbose.ts";

export const CONNECTION_OPTIONS: readonly Option[] = [
	{
		name: "server",
		takes: "URL",
		short: "s",
		about: `ws(s)://, http(s)://, tcp://, tls:// or unix:/path. VERBATIM_SERVER; else ${SERVER_DEFAULT}.`,
	},
	DNS_OPTION,
	{
		name: "guest",
		takes: "NAME",
		short: "g",
		about: "Come as a guest of this name. VERBATIM_GUEST. Default: a name made up once, and kept.",
	},
	{ name: "user", takes: "NAME", short: "u", about: "Log in. VERBATIM_USER; the password is VERBATIM_PASSWORD, or asked for." },
	{ name: "token", takes: "TOKEN", about: "Come with a token. Better VERBATIM_TOKEN: others see a command line." },
	{ name: "verbose", short: "v", about: "Tell on the standard error output what happens to the connection." },
];

export interface ConnectedClient {
	readonly client: Client;
	/** The newest `problem` of the client. */
	lastProblem(): VerbatimError | undefined;
}

export async function connectFrom({ options }: Arguments): Promise<ConnectedClient> {
	const given = (name: string): string | undefined =>
		options.get(name) ?? (process.env[`VERBATIM_${name.toUpperCase()}`] || undefined);
	const endpoint = parseEndpoint(given("server") ?? SERVER_DEFAULT);
	const resolvers = resolversOf(given("dns"));
	const logIn = await credentialOf(given, endpoint);
	const verbose = options.get("verbose") === "true";
	let lastProblem: VerbatimError | undefined;
	const client = connect({
		endpoints: endpoint,
		resolvers,
		credential: logIn.credential,
		...(logIn.tokens !== undefined && { tokens: logIn.tokens }),
		client: `verbatim-cli ${VERSION}`,
		...(verbose && { logger: verboseLogger }),
	});
	if (verbose) {
		client.on("status", ({ state }) => {
			if (state === "stopped") verboseLogger.info(client.statistics, "in all");
		});
	}
	client.on("problem", (problem) => {
		lastProblem = problem;
	});
	return { client, lastProblem: () => lastProblem };
}

interface LogIn {
	readonly credential: Credential;
	/** Stores a guest's identity for the next run; undefined for other credentials. */
	readonly tokens: TokenStore | undefined;
}

async function credentialOf(given: (name: string) => string | undefined, endpoint: string): Promise<LogIn> {
	const token = given("token");
	if (token !== undefined) return { credential: { token }, tokens: undefined };
	const name = given("user");
	if (name !== undefined) {
		const password = given("password") ?? (await askSecret(`Password of ${name}: `));
		return { credential: { login: { name, password } }, tokens: undefined };
	}
	const guest = given("guest");
	const tokens = fileTokens(identityFile(endpoint, guest ?? ""));
	return { credential: { guest: guest ?? (await tokens.load())?.user.name ?? generatedName() }, tokens };
}

/** The system user's name plus a random suffix. */
function generatedName(): string {
	const who =
		userInfo()
			.username.replaceAll(/[^a-z0-9]/gi, "")
			.slice(0, 20) || "guest";
	return `${who}-${Math.floor(Math.random() * 36 ** 4)
		.toString(36)
		.padStart(4, "0")}`;
}

function identityFile(endpoint: string, who: string): string {
	const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
	const name = createHash("sha256").update(`${endpoint}\n${who}`).digest("hex").slice(0, 32);
	return join(state, "verbatim", "identities", `${name}.json`);
}
