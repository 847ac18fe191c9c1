import type { CliCommand } from "./command.ts";
import { CommandError, EXIT, type ExitCode } from "./exit.ts";
import { DNS_OPTION, parseEndpoint, resolversOf } from "./talk/endpoint.ts";
import { VERSION } from "./version.ts";

const CODES = new Set<number>(Object.values(EXIT));

export const chat: CliCommand = {
	name: "chat",
	summary: "Opens the terminal client.",
	usage: "verbatim chat [ROOM] [OPTIONS]",
	about: "ROOM is #channel or @user. Who you are is remembered for each server; /help inside tells the rest.",
	options: [
		{
			name: "server",
			takes: "URL,…",
			short: "s",
			about: "Servers, tried in turn. VERBATIM_SERVER; else ws://localhost:8080/ws.",
		},
		DNS_OPTION,
		{ name: "guest", takes: "NAME", short: "g", about: "Come as a guest of this name. VERBATIM_GUEST." },
		{ name: "user", takes: "NAME", short: "u", about: "Log in. VERBATIM_USER; the password is VERBATIM_PASSWORD, or asked for." },
	],
	examples: ["verbatim chat", "verbatim chat '#tea' --guest ann", "verbatim chat --server https://chat.example.org --user ann"],
	async run({ options, rest }) {
		const [room, ...more] = rest;
		if (more.length > 0)
			throw new CommandError(EXIT.usage, "verbatim chat [ROOM]: one room at the start; more inside, with /join");
		const given = (name: string): string | undefined =>
			options.get(name) ?? (process.env[`VERBATIM_${name.toUpperCase()}`] || undefined);
		const [server, name, user, password] = [given("server"), given("guest"), given("user"), given("password")];
		const { runChat } = await import("@verbatim/terminal");
		const code = await runChat({
			options: {
				resolvers: resolversOf(given("dns")),
				...(server !== undefined && { server: server.split(",").map(parseEndpoint) }),
				...(name !== undefined && { name }),
				...(user !== undefined && { user }),
				...(password !== undefined && { password }),
				...(room !== undefined && { room }),
			},
			stdin: process.stdin,
			stdout: process.stdout,
			stderr: process.stderr,
			env: process.env,
			client: `verbatim-terminal ${VERSION}`,
		});
		return isExitCode(code) ? code : EXIT.bug;
	},
};

function isExitCode(code: number): code is ExitCode {
	return CODES.has(code);
}
