// What keeps a session going, and what is said in passing.
import { type Refresh, Refusal, type Typing } from "@verbatim/protocol";
import type { Handler } from "./context.ts";
import { roomId } from "./room-ref.ts";

export const refresh: Handler<Refresh> = async ({ parts, session, user }, { refreshToken }) => {
	const tokens = await parts.accounts.refresh(refreshToken, user.id);
	session?.prolong(tokens.accessExpiresMs);
	return { case: "tokens", value: tokens };
};

/**
 * Ephemeral: told to those who keep up, in rooms where it is worth telling. `not_member` whether the room exists or not: who is not in it
 * learns nothing, and no look at the store is owed for it.
 */
export const typing: Handler<Typing> = async (context, { room: ref }) => {
	const { parts, session, user } = context;
	const id = await roomId(context, ref).catch((cause: unknown) => {
		throw cause instanceof Refusal && cause.code === "no_such_room" ? new Refusal("not_member") : cause;
	});
	if (session === undefined || !session.isSubscribed(id)) throw new Refusal("not_member");
	const isShed = parts.shedding.sheds("typing") || parts.typing.take(user.id) > 0;
	if (!isShed) parts.bus.publish({ kind: "typing", user: { id: user.id, name: user.name }, room: id });
	return { case: "done", value: {} };
};
