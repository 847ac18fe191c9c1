// The send command.
import { Refusal, type Send } from "@verbatim/protocol";
import type { Said } from "../log/draft.ts";
import { isFinal } from "../log/refused.ts";
import type { CommandContext, Handler } from "./context.ts";
import { append, granted, newRoom, senderOf, type Written } from "./drafts.ts";
import { isId, roomId, userByName } from "./room-ref.ts";

export const send: Handler<Send> = async (context, { room: ref, cid, text, behind }) => {
	const sender = senderOf(context);
	const found = isId(ref) ? ref : await find(context, ref, { cid, text });
	const atMs = context.parts.clock.now();
	const draft = (room: string) =>
		({ kind: "message", room, sender, cid, text, atMs, ...(behind === "" ? {} : { behind }) }) as const;
	const written = typeof found === "string" ? await append(context, draft(found)) : found;
	if (written.room === undefined || written.seq === undefined) throw new Refusal("internal");
	context.parts.sends.add(written.repeated === true ? "repeated" : "committed");
	const { id: room, epoch } = written.room;
	return {
		case: "sent",
		// Whole, so that nothing is made of it again.
		value: {
			$typeName: "verbatim.v1.Sent",
			room,
			epoch,
			seq: written.seq,
			atMs: written.atMs ?? atMs,
			repeated: written.repeated ?? false,
		},
	};
};

/**
 * The id of the room that is named so, or the result of a send that is in the log already. A send to `@name` opens the conversation if it is
 * not there.
 */
async function find(context: CommandContext, ref: string, said: Said): Promise<string | Written> {
	const sender = senderOf(context);
	const { store, clock } = context.parts;
	let found: string | Awaited<ReturnType<typeof userByName>>;
	try {
		found = ref.startsWith("@") ? await userByName(context, ref.slice(1)) : await roomId(context, ref);
	} catch (cause) {
		if (!(cause instanceof Refusal) || !isFinal(cause.code)) throw cause;
		// The store gives it a place in the order of sends: a copy may be in the log by now, and others may follow.
		const outcome = await store.append({ kind: "refuse", sender, send: said, code: cause.code, atMs: clock.now() });
		if (!outcome.ok && outcome.code === cause.code) throw cause;
		return granted(outcome);
	}
	if (typeof found === "string") return found;
	const peer = found;
	const opened = await append(context, { kind: "direct", ...newRoom(context), sender, peer, send: said, atMs: clock.now() });
	return opened.repeated === true ? opened : (opened.room?.id ?? ref);
}
