// Every command as data: its handler, what it costs, and whether it may run beside others of its session. Checked in one
// place (session/command-queue.ts for sessions, command/run.ts for HTTP).
import type { DownBody, History, Up } from "@verbatim/protocol";
import type { CommandContext, Handler } from "./context.ts";
import { create, invite, join, leave, rename } from "./membership.ts";
import { send } from "./message.ts";
import { history, rooms, who } from "./reading.ts";
import { isId } from "./room-ref.ts";
import { refresh, typing } from "./upkeep.ts";

type CommandValues = {
	[C in NonNullable<Up["command"]> as C extends { case: infer K extends string } ? K : never]: C extends { value: infer V }
		? V
		: never;
};
/** Hello, ping and pong belong to the session itself. */
export type CommandName = Exclude<keyof CommandValues, "hello" | "ping" | "pong">;

export interface CommandFacts<Value> {
	/** Which of the user's buckets pays for it. */
	readonly cost: "send" | "ask";
	/**
	 * pipelined: may run while others of the session do, because its effect is ordered by the store. serial: waits for what
	 * came before, and what comes after waits for it.
	 */
	readonly order: (value: Value) => "pipelined" | "serial";
	/** Its answer may be as long as a page: few are made at once, and none for a peer that does not read. */
	readonly long: boolean;
	/** As what it is refused when the server has more to do than it can; undefined: it is not. */
	readonly shed?: (value: Value) => "history" | "sends" | undefined;
	readonly run: Handler<Value>;
}

const serial = (): "serial" => "serial";
const pipelined = (): "pipelined" => "pipelined";
/** The newest page is what a reader needs to be there at all; everything before it can wait. */
const oldPages = ({ before, after, first, around, atMs }: History): "history" | undefined =>
	before > 0 || after > 0 || first || around > 0 || atMs > 0 ? "history" : undefined;

export const COMMANDS: { readonly [Name in CommandName]: CommandFacts<CommandValues[Name]> } = {
	// A name may have to be looked up first, and the look-up must not let a later send overtake.
	send: {
		cost: "send",
		order: (value) => (isId(value.room) ? "pipelined" : "serial"),
		long: false,
		shed: () => "sends",
		run: send,
	},
	join: { cost: "ask", order: serial, long: true, run: join },
	leave: { cost: "ask", order: serial, long: false, run: leave },
	create: { cost: "ask", order: serial, long: true, run: create },
	rename: { cost: "ask", order: serial, long: false, run: rename },
	invite: { cost: "ask", order: serial, long: false, run: invite },
	history: { cost: "ask", order: pipelined, long: true, shed: oldPages, run: history },
	rooms: { cost: "ask", order: pipelined, long: true, run: rooms },
	who: { cost: "ask", order: pipelined, long: true, run: who },
	typing: { cost: "ask", order: pipelined, long: false, run: typing },
	refresh: { cost: "ask", order: serial, long: false, run: refresh },
};

export type AnyCommand = Exclude<Up["command"], { case: "hello" | "ping" | "pong" | undefined }>;

export function isTableCommand(command: Up["command"]): command is AnyCommand {
	return command.case !== undefined && Object.hasOwn(COMMANDS, command.case);
}

export function costOf(command: AnyCommand): CommandFacts<never>["cost"] {
	return COMMANDS[command.case].cost;
}

export function shedAs(command: AnyCommand): "history" | "sends" | undefined {
	return (COMMANDS[command.case] as CommandFacts<unknown>).shed?.(command.value);
}

export function isSerial(command: AnyCommand): boolean {
	return (COMMANDS[command.case] as CommandFacts<unknown>).order(command.value) === "serial";
}

export function isLong(command: AnyCommand): boolean {
	return COMMANDS[command.case].long;
}

/** The one dispatch. The table's type makes it whole: a command of the schema without a row does not compile. */
export function runCommand(context: CommandContext, command: AnyCommand): Promise<DownBody> {
	return (COMMANDS[command.case] as CommandFacts<unknown>).run(context, command.value);
}
