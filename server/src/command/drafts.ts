// Appends drafts; a refusal of the store becomes a `Refusal`.
import { ERRORS, Refusal, type Room_Kind } from "@verbatim/protocol";
import { newEpoch, newId } from "../base/ids.ts";
import type { RefusalNote } from "../log/decide.ts";
import type { Draft, Outcome, UserRef } from "../store/store.ts";
import type { CommandContext } from "./context.ts";

export type Written = Extract<Outcome, { ok: true }>;

export async function append(context: CommandContext, draft: Draft): Promise<Written> {
	return granted(await context.parts.store.append(draft));
}

export function granted(outcome: Outcome): Written {
	if (outcome.ok) return outcome;
	const { message } = ERRORS[outcome.code];
	throw new Refusal(outcome.code, outcome.note === undefined ? message : `${message} (${NOTES[outcome.note]})`);
}

const NOTES: Readonly<Record<RefusalNote, string>> = {
	before: "this cid was refused so before; to try again, take a new one",
	behind: "the send behind which this one stands was refused for good; name the one before that, or none",
};

export function senderOf(context: CommandContext): UserRef {
	const { id, name } = context.user;
	return { id, name };
}

/** Id and epoch for a new room. */
export function newRoom(context: CommandContext): { readonly room: string; readonly epoch: number } {
	const { clock, random } = context.parts;
	return { room: newId("r", clock, random), epoch: newEpoch(random.bytes(4)) };
}

export function createDraft(
	context: CommandContext,
	name: { readonly name: string; readonly skeleton: string },
	roomKind: Room_Kind,
): Draft & { kind: "create" } {
	return { kind: "create", ...newRoom(context), roomKind, ...name, sender: senderOf(context), atMs: context.parts.clock.now() };
}
