// Checks a command against the table before it runs, and charges the user's rate limits.
import { checkUp, create, type DownBody, type Entry, Refusal, type Up, UpSchema } from "@verbatim/protocol";
import type { Identity } from "../account/accounts.ts";
import type { Buckets } from "../limit/buckets.ts";
import type { ReadLimit } from "../limit/read-limit.ts";
import type { Shedding } from "../overload/shedding.ts";
import { entriesBytes } from "../room/push.ts";
import type { CommandContext, CommandParts } from "./context.ts";
import { type AnyCommand, costOf, isLong, isTableCommand, runCommand, shedAs } from "./table.ts";

/** Runs commands for callers without a session (the HTTP API), by the same table. */
export interface Commands {
	/**
	 * Executes one command (not hello, ping or pong) for `identity` and returns the body of its answer. Rejects with `Refusal`
	 * for every error of the protocol; anything else is a bug.
	 */
	run(identity: Identity, command: Up["command"], trace: string): Promise<DownBody>;
}

/** A member or a room: an id, a name, some numbers. */
const ITEM_BYTES = 64;

/** The token buckets of all users. */
export interface RateLimits {
	readonly send: Buckets;
	readonly ask: Buckets;
	/** In bytes of pages, lists and catch-up. */
	readonly read: ReadLimit;
}

/**
 * Takes the command's cost from the user's bucket. Throws `Refusal` with the time to wait when the bucket is empty, or when the
 * command is shed.
 */
export function charge(rateLimits: RateLimits, shedding: Shedding, userId: string, command: AnyCommand): void {
	const shed = shedAs(command);
	if (shed !== undefined) shedding.refuseIfShed(shed);
	const waitMs = rateLimits[costOf(command)].take(userId);
	if (waitMs > 0) throw new Refusal("rate_limited", undefined, waitMs);
}

/** Executes the command. A long answer waits for the user's read rate limit, and is charged by its size. */
export function execute(rateLimits: RateLimits, context: CommandContext, command: AnyCommand): Promise<DownBody> {
	return isLong(command) ? executeLong(rateLimits, context, command) : runCommand(context, command);
}

async function executeLong(rateLimits: RateLimits, context: CommandContext, command: AnyCommand): Promise<DownBody> {
	const { id } = context.user;
	await rateLimits.read.enter(id);
	let bytes = 0;
	try {
		const body = await runCommand(context, command);
		bytes = answerBytes(body);
		return body;
	} finally {
		rateLimits.read.done(id, bytes);
	}
}

/** Commands without a session, for the HTTP API. */
export function createCommands(parts: CommandParts, rateLimits: RateLimits): Commands {
	return {
		async run(identity: Identity, command: Up["command"], trace: string) {
			const problem = checkUp(create(UpSchema, { id: 1, trace, command }), parts.limits);
			try {
				if (problem !== undefined) throw new Refusal(problem.code, problem.message);
				if (!isTableCommand(command)) throw new Refusal("unknown_command");
				charge(rateLimits, parts.shedding, identity.user.id, command);
				return await execute(rateLimits, { parts, user: identity.user, session: undefined }, command);
			} catch (cause) {
				if (command.case === "send") parts.sends.add(cause instanceof Refusal ? cause.code : "internal");
				throw cause;
			}
		},
	};
}

/** What an answer costs of the read rate limit, in bytes: by its content, so that it is the same in every codec. */
function answerBytes({ case: kind, value }: DownBody): number {
	switch (kind) {
		case "page":
			return ITEM_BYTES + entriesBytes((value.entries ?? []) as readonly Entry[]);
		case "joined":
			return ITEM_BYTES * 2 + entriesBytes((value.page?.entries ?? []) as readonly Entry[]);
		case "memberList":
			return ITEM_BYTES * (1 + (value.members?.length ?? 0) + (value.here?.length ?? 0));
		case "roomList":
			return ITEM_BYTES * (1 + (value.rooms?.length ?? 0));
		default:
			return ITEM_BYTES;
	}
}
