// Looking: history, rooms, members.
import { type History, Refusal, Room_Kind, Room_Standing, type Rooms, type Who } from "@verbatim/protocol";
import { newestAsOf, pageAsOf } from "../room/as-of.ts";
import { pageBody, roomBody } from "../session/bodies.ts";
import type { PageBound, RoomView } from "../store/store.ts";
import type { CommandContext, Handler } from "./context.ts";
import { roomId } from "./room-ref.ts";

/** Public channels named in one list. */
const PUBLIC_ROOMS_MAX = 500;
/** Members named in one list: a frame holds them. */
const MEMBERS_MAX = 4_000;

export const history: Handler<History> = async (context, { room: ref, before, after, first, limit }) => {
	const { parts } = context;
	const { id, head } = await readableLog(context, ref);
	const bound: PageBound = first || after > 0 ? { after } : { before };
	const entries = Math.min(limit === 0 ? parts.limits.historyEntriesDefault : limit, parts.limits.historyEntriesMax);
	const page = await parts.store.page(id, bound, entries, parts.limits.pageBytesMax);
	if (page === undefined) throw new Refusal("no_such_room");
	return { case: "page", value: pageBody(id, "after" in bound ? pageAsOf(page, head) : newestAsOf(page, head)) };
};

export const rooms: Handler<Rooms> = async ({ parts, user }) => {
	const [own, open] = await Promise.all([parts.store.roomsOf(user.id), parts.store.publicRooms(user.id, "", PUBLIC_ROOMS_MAX)]);
	const known = new Set(own.map((view) => view.id));
	return { case: "roomList", value: { rooms: [...own, ...open.filter((view) => !known.has(view.id))].map(roomBody) } };
};

/** Members, those who are online first. */
export const who: Handler<Who> = async (context, { room: ref }) => {
	const { store, presence } = context.parts;
	const view = await readable(context, ref);
	const members = (await store.members(view.id)).map(({ user, standing }) => ({
		user: { id: user.id, name: user.name },
		standing,
		online: presence.shows(user.id),
	}));
	members.sort((a, b) => Number(b.online) - Number(a.online));
	return { case: "memberList", value: { room: view.id, members: members.slice(0, MEMBERS_MAX) } };
};

/** Id and head of a log as the user may read it. A session that reads the room already need not ask the store who is in it. */
async function readableLog(context: CommandContext, ref: string): Promise<Pick<RoomView, "id" | "head">> {
	const { parts, session } = context;
	const id = await roomId(context, ref);
	const room = session?.reads(id) === true ? parts.rooms.get(id) : undefined;
	return room ?? readable(context, id);
}

/** A room whose log the user may read. The same words whether it does not exist or may not be seen. */
async function readable(context: CommandContext, ref: string): Promise<RoomView> {
	const view = await context.parts.store.room(await roomId(context, ref), context.user.id);
	if (view === undefined) throw new Refusal("no_such_room");
	if (view.standing === Room_Standing.MEMBER || view.standing === Room_Standing.OWNER) return view;
	throw new Refusal(view.kind === Room_Kind.PUBLIC ? "not_member" : "no_such_room");
}
