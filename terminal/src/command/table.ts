// The commands of the terminal client as data: what they are called, what they take, what they do. Parsing, completion and
// /help all read this one table; chat/commands.ts carries them out.

/** What an argument is, for completion. `secret` is not shown while it is written, nor recalled. */
export type ArgumentKind = "room" | "user" | "command" | "secret" | "word" | "text";

export interface CommandFacts {
	/** As /help shows it: capitals stand for what one fills in, brackets for what may be left out. */
	readonly usage: string;
	readonly help: string;
	readonly args: readonly ArgumentKind[];
}

export const COMMANDS = {
	join: { usage: "/join ROOM", help: "go into a room, or make it", args: ["room"] },
	leave: { usage: "/leave [ROOM]", help: "leave a room for good", args: ["room"] },
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
} as const satisfies Record<string, CommandFacts>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

export function isCommandName(name: string): name is CommandName {
	return Object.hasOwn(COMMANDS, name);
}
