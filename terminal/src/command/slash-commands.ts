// The slash commands as data: names, arguments, help. Used by parsing, completion and /help; chat/command-handlers.ts has the handlers.

/** The kind of an argument, for completion. `secret` is masked, and not kept in the history. */
export type ArgumentKind = "room" | "user" | "command" | "secret" | "word" | "text";

export interface SlashCommandSpec {
	/** For /help: capitals are placeholders, brackets are optional. */
	readonly usage: string;
	readonly help: string;
	readonly args: readonly ArgumentKind[];
}

export const SLASH_COMMANDS = {
	join: { usage: "/join ROOM", help: "go into a room, or make it", args: ["room"] },
	leave: { usage: "/leave [ROOM]", help: "leave a room, or decline an invitation", args: ["room"] },
	msg: { usage: "/msg NAME [TEXT]", help: "speak to one person alone", args: ["user", "text"] },
	rooms: { usage: "/rooms", help: "which rooms there are", args: [] },
	who: { usage: "/who [ROOM]", help: "who is in the room", args: ["room"] },
	more: { usage: "/more", help: "the next of a list that goes on", args: [] },
	history: { usage: "/history [N]", help: "load N older lines", args: ["word"] },
	create: {
		usage: "/create [--private] ROOM",
		help: "make a room",
		args: ["word", "word"],
	},
	invite: { usage: "/invite NAME", help: "invite somebody into this room", args: ["user"] },
	rename: { usage: "/rename NAME", help: "give this room another name", args: ["word"] },
	nick: { usage: "/nick NAME", help: "be a guest of this name", args: ["word"] },
	register: { usage: "/register NAME [PASSWORD]", help: "make an account", args: ["word", "secret"] },
	login: { usage: "/login NAME [PASSWORD]", help: "log in to an account", args: ["word", "secret"] },
	logout: { usage: "/logout", help: "forget who you are here", args: [] },
	retry: { usage: "/retry", help: "send again what failed here", args: [] },
	discard: { usage: "/discard [all]", help: "take back what failed (or waits)", args: ["word"] },
	reconnect: { usage: "/reconnect", help: "connect now", args: [] },
	help: { usage: "/help [COMMAND]", help: "say this", args: ["command"] },
	quit: { usage: "/quit", help: "leave the program", args: [] },
} as const satisfies Record<string, SlashCommandSpec>;

export type SlashCommandName = keyof typeof SLASH_COMMANDS;

export const SLASH_COMMAND_NAMES = Object.keys(SLASH_COMMANDS) as readonly SlashCommandName[];

export function isSlashCommandName(name: string): name is SlashCommandName {
	return Object.hasOwn(SLASH_COMMANDS, name);
}
