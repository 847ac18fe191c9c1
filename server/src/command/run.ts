// The one place where a command is checked against the table before it runs: whose bucket pays, and is there enough in it.
import { checkUp, create, type DownBody, Refusal, type Up, UpSchema } from "@verbatim/protocol";
import type { Identity } from "../account/accounts.ts";
import type { Buckets } from "../limit/buckets.ts";
import type { ReadLimit } from "../limit/read-limit.ts";
import type { Shedding } from "../overload/shedding.ts";
import type { Commands } from "./commands.ts";
import type { CommandContext, CommandParts } from "./context.ts";
import { type AnyCommand, costOf, isLong, isTableCommand, runCommand, shedAs } from "./table.ts";
import { answerBytes } from "./weight.ts";

/** The buckets of all users. */
export interface RateLimits {
	readonly send: Buckets;
	readonly ask: Buckets;
	/** In bytes of pages, lists and what was missed. */
	readonly read: ReadLimit;
}

/**
 * Takes what the command costs from the user's bucket, or refuses with the time to wait: for the user who asks too much, or for
 * everybody when too much is asked.
 */
export function charge(rateLimits: RateLimits, shedding: Shedding, userId: string, command: AnyCommand): void {
	const shed = shedAs(command);
	if (shed !== undefined) shedding.refuseIfShed(shed);
	const waitMs = rateLimits[costOf(command)].take(userId);
	if (waitMs > 0) throw new Refusal("rate_limited", undefined, waitMs);
}

/** Carries the command out. What it gives of logs and lists is taken from what the user may read: who has read too much is refused. */
export async function execute(rateLimits: RateLimits, context: CommandContext, command: AnyCommand): Promise<DownBody> {
	if (!isLong(command)) return runCommand(context, command);
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

/** Commands without a session: for the HTTP API. */
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
