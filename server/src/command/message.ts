// The send command.
import { Refusal, type Send } from "@verbatim/protocol";
import type { Handler } from "./context.ts";
import { append, newRoom, senderOf } from "./drafts.ts";
import { isId, roomId, userByName } from "./room-ref.ts";

/** A send to `@name` creates the direct conversation if there is none. */
export const send: Handler<Send> = async (context, { room: ref, cid, text, behind }) => {
	const { clock } = context.parts;
	const sender = senderOf(context);
	let room = ref;
	if (ref.startsWith("@")) {
		const peer = await userByName(context, ref.slice(1));
		const opened = await append(context, { kind: "direct", ...newRoom(context), sender, peer, atMs: clock.now() });
		room = opened.room?.id ?? ref;
	} else if (!isId(ref)) {
		room = await roomId(context, ref);
	}
	const draft = { kind: "message", room, sender, cid, text, atMs: clock.now() } as const;
	context.session?.claim(cid);
	const written = await append(context, behind === "" ? draft : { ...draft, behind });
	context.session?.settled(cid);
	if (written.room === undefined || written.seq === undefined) throw new Refusal("internal");
	context.parts.sends.add(written.repeated === true ? "repeated" : "committed");
	return {
		case: "sent",
		// Whole, so that nothing is made of it again.
		value: {
			$typeName: "verbatim.v1.Sent",
			room,
			epoch: written.room.epoch,
			seq: written.seq,
			atMs: written.atMs ?? draft.atMs,
			repeated: written.repeated ?? false,
		},
	};
};
