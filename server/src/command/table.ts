// Every command as data: its handler, its cost, and whether it may run beside others of its session. Applied by
// session/command-queue.ts for sessions, and by command/run.ts for HTTP.
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
/** Hello, ping and pong are handled by the session. */
export type CommandName = Exclude<keyof CommandValues, "hello" | "ping" | "pong">;

export interface CommandFacts<Value> {
	/** The user's bucket that it is charged to. */
	readonly cost: "send" | "ask";
	/**
	 * pipelined: may run beside others of the session, because the store orders its effect. serial: waits for earlier commands,
	 * and later ones wait for it.
	 */
	readonly order: (value: Value) => "pipelined" | "serial";
	/** Its answer may be as long as a page: few run at once, and none for a client that does not read. */
	readonly long: boolean;
	/** Its class of load shedding; undefined: it is never shed. */
	readonly shed?: (value: Value) => "history" | "sends" | undefined;
	readonly run: Handler<Value>;
}

const serial = (): "serial" => "serial";
const pipelined = (): "pipelined" => "pipelined";
/** Older pages are shed first: only the newest is needed to use a room. */
const oldPages = ({ before, after, first, around, atMs }: History): "history" | undefined =>
	before > 0 || after > 0 || first || around > 0 || atMs > 0 ? "history" : undefined;

export const COMMANDS: { readonly [Name in CommandName]: CommandFacts<CommandValues[Name]> } = {
	// A send by name is serial: during the look-up a later send must not overtake it.
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

/** The only dispatch. The type of the table requires a row for every command of the schema. */
export function runCommand(context: CommandContext, command: AnyCommand): Promise<DownBody> {
	return (COMMANDS[command.case] as CommandFacts<unknown>).run(context, command.value);
}
