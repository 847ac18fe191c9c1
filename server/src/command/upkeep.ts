// Token refresh, and typing notices.
import { type Refresh, Refusal, type Typing } from "@verbatim/protocol";
import type { Handler } from "./context.ts";
import { roomId } from "./room-ref.ts";

export const refresh: Handler<Refresh> = async ({ parts, session, user }, { refreshToken }) => {
	const tokens = await parts.accounts.refresh(refreshToken, user.id);
	session?.prolong(tokens.accessExpiresMs);
	return { case: "tokens", value: tokens };
};

/**
 * Ephemeral. `not_member` whether or not the room exists: a user outside it learns nothing, and it costs no read of the store.
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
