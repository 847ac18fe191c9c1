// Commands that join, leave, create and rename rooms, and invite.
import {
	type Create,
	type DownBody,
	type Invite,
	type Join,
	type Leave,
	Refusal,
	type Rename,
	Room_Kind,
} from "@verbatim/protocol";
import { inviteDraft, joinDraft, leaveDraft, type RoomDraft, renameDraft } from "../log/draft.ts";
import { isMember } from "../log/standing.ts";
import { newestAsOf } from "../room/as-of.ts";
import { roomBody } from "./bodies.ts";
import type { CommandContext, Handler } from "./context.ts";
import { append, createDraft, newRoom, senderOf } from "./drafts.ts";
import { channelName, isId, roomId, userByName } from "./room-ref.ts";

/**
 * "History up to N, live from N+1", in one answer: the subscription sends nothing until the membership is written and the page is
 * read, and goes on where the page ends.
 */
export const join: Handler<Join> = async (context, { room: ref, create: mayCreate, history }) => {
	const sender = senderOf(context);
	if (ref.startsWith("@")) {
		const peer = await userByName(context, ref.slice(1));
		return enter(context, { kind: "direct", ...newRoom(context), sender, peer, atMs: context.parts.clock.now() }, history);
	}
	const known = isId(ref) ? ref : (await context.parts.store.roomBySkeleton(channelName(ref.slice(1)).skeleton))?.id;
	const enterKnown = (room: string) => enter(context, joinDraft({ room, sender, atMs: context.parts.clock.now() }), history);
	if (isId(ref) || !mayCreate) {
		if (known === undefined) throw new Refusal("no_such_room");
		if (!mayCreate) return enterKnown(known);
		return enterKnown(known).catch((cause: unknown) => {
			if (!(cause instanceof Refusal) || cause.code !== "no_such_room") throw cause;
			throw new Refusal("no_such_room", `there is no room of the id "${ref}"; the channel of this name is "#${ref}"`);
		});
	}
	try {
		if (known !== undefined) return await enterKnown(known);
		return await enter(context, createDraft(context, channelName(ref.slice(1)), Room_Kind.PUBLIC), history);
	} catch (cause) {
		if (!(cause instanceof Refusal)) throw cause;
		// The name belongs to a private channel, which can neither be joined nor taken.
		if (cause.code === "no_such_room") throw new Refusal("room_taken");
		if (cause.code !== "room_taken" || known !== undefined) throw cause;
	}
	// Another user has created it meanwhile: it is joined like any other.
	return enterKnown(await roomId(context, ref));
};

export const create: Handler<Create> = async (context, { name, kind, history }) =>
	enter(
		context,
		createDraft(context, channelName(name.replace(/^#/, "")), kind === Room_Kind.PRIVATE ? Room_Kind.PRIVATE : Room_Kind.PUBLIC),
		history,
	);

export const leave: Handler<Leave> = async (context, { room: ref }) => {
	const room = await roomId(context, ref);
	const sender = senderOf(context);
	const { declined } = await append(context, leaveDraft({ room, sender, atMs: context.parts.clock.now() }));
	if (declined) {
		context.parts.lists.changed(room);
		context.parts.bus.publish({ kind: "declined", user: sender.id, room });
	}
	return done();
};

export const rename: Handler<Rename> = async (context, { room: ref, name }) => {
	const room = await roomId(context, ref);
	const named = channelName(name.replace(/^#/, ""));
	await append(context, renameDraft({ room, sender: senderOf(context), ...named, atMs: context.parts.clock.now() }));
	return done();
};

export const invite: Handler<Invite> = async (context, { room: ref, user: name }) => {
	const room = await roomId(context, ref);
	const user = await userByName(context, name.replace(/^@/, ""));
	await append(context, inviteDraft({ room, sender: senderOf(context), user, atMs: context.parts.clock.now() }));
	return done();
};

async function enter(context: CommandContext, draft: RoomDraft, history: number): Promise<DownBody> {
	const { parts, session, user } = context;
	let { room } = draft;
	session?.beginJoin(room);
	try {
		const written = await append(context, draft);
		// A direct conversation may exist under another id.
		if (written.room !== undefined && written.room.id !== room) {
			session?.failJoin(room);
			room = written.room.id;
			session?.beginJoin(room);
		}
		const limit = Math.min(history === 0 ? parts.limits.historyEntriesDefault : history, parts.limits.historyEntriesMax);
		const [view, newest] = await parts.pageTurns.run(user.id, () =>
			Promise.all([parts.store.room(room, user.id), parts.logCache.newest(room, limit)]),
		);
		if (view === undefined || newest === undefined) throw new Refusal("no_such_room");
		// Another session has left the room meanwhile, and may have been invited again.
		if (!isMember(view.standing)) throw new Refusal("not_member");
		const page = newestAsOf(newest, view.head);
		session?.answerJoin(view, page.to);
		return { case: "joined", value: { room: { ...roomBody(view), head: page.head }, page } };
	} catch (cause) {
		session?.failJoin(room);
		throw cause;
	}
}

function done(): DownBody {
	return { case: "done", value: {} };
}
