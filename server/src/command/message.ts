// The send command.
import { isFinal, Refusal, type Send } from "@verbatim/protocol";
import { messageDraft, type ProposedEntry } from "../log/draft.ts";
import type { CommandContext, Handler } from "./context.ts";
import { append, newRoom, senderOf, type Written } from "./drafts.ts";
import { channelName, isId, userByName } from "./room-ref.ts";

export const send: Handler<Send> = async (context, { room: ref, cid, text, behind }) => {
	const sender = senderOf(context);
	const found = isId(ref)
		? ref
		: await find(context, ref, { cid, behind: behind || undefined, body: { case: "message", value: { text } } });
	const atMs = context.parts.clock.now();
	const draft = (room: string) => messageDraft({ room, sender, cid, behind: behind || undefined, text, atMs });
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
async function find(context: CommandContext, ref: string, entry: ProposedEntry): Promise<string | Written> {
	const { store, clock } = context.parts;
	if (ref.startsWith("#")) {
		const room = await store.roomBySkeleton(channelName(ref.slice(1)).skeleton);
		// Of a name that nobody has the store is told as an id that nobody has: it answers that and a room that the user may not see alike.
		return room?.id ?? newRoom(context).room;
	}
	const sender = senderOf(context);
	const peer = await userByName(context, ref.slice(1)).catch((cause: unknown) => {
		if (!(cause instanceof Refusal) || !isFinal(cause.code)) throw cause;
		return cause;
	});
	if (peer instanceof Refusal) {
		// The store gives it a place in the order of sends: a copy may be in the log by now, and others may follow.
		return append(context, { kind: "refuse", sender, send: entry, code: peer.code, atMs: clock.now() });
	}
	const opened = await append(context, { kind: "direct", ...newRoom(context), sender, peer, send: entry, atMs: clock.now() });
	return opened.repeated === true ? opened : (opened.room?.id ?? ref);
}
