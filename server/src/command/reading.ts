// Commands that read: history, rooms, members.
import {
	create,
	type DownBody,
	type History,
	JSON_GROWTH_MAX,
	type Limits,
	type MemberList,
	MemberListSchema,
	Refusal,
	ROOM_BYTES_MAX,
	Room_Kind,
	Room_Standing,
	type Rooms,
	type User,
	type Who,
} from "@verbatim/protocol";
import { isMember } from "../log/standing.ts";
import { newestAsOf, pageAsOf } from "../room/as-of.ts";
import type { ListFacts } from "../room/member-lists.ts";
import type { PageBound, RoomView } from "../store/store.ts";
import { roomBody } from "./bodies.ts";
import type { CommandContext, Handler } from "./context.ts";
import { roomId } from "./room-ref.ts";

export const history: Handler<History> = async (context, { room: ref, before, after, first, around, atMs, limit }) => {
	const { parts, user } = context;
	const bound: PageBound = first || after > 0 ? { after } : around > 0 ? { around } : atMs > 0 ? { atMs } : { before };
	const entries = Math.min(limit === 0 ? parts.limits.historyEntriesDefault : limit, parts.limits.historyEntriesMax);
	return parts.pageTurns.run(user.id, async () => {
		const { id, head } = await readableLog(context, ref);
		const page = await parts.store.page(id, bound, entries, parts.limits.pageBytesMax);
		if (page === undefined) throw new Refusal("no_such_room");
		return { case: "page", value: "after" in bound ? pageAsOf(page, head) : newestAsOf(page, head) };
	});
};

/** The user's rooms and the first public channels; with `after`, the public channels that follow. */
export const rooms: Handler<Rooms> = async ({ parts, user }, { after, limit }) => {
	const own = after === "" ? await parts.store.roomsOf(user.id) : [];
	const pageMax = Math.max(1, Math.min(parts.limits.roomsPageMax, framed(parts.limits) - own.length));
	const wanted = limit === 0 ? pageMax : Math.min(limit, pageMax);
	const open = await parts.store.publicRooms(user.id, after, wanted);
	// The user's own are on the first page.
	const others = open.filter((view) => view.standing === Room_Standing.NONE);
	const next = open.length < wanted ? "" : (open.at(-1)?.name ?? "");
	return { case: "roomList", value: { rooms: [...own, ...others].map(roomBody), next } };
};

/**
 * A page of the members. In rooms where presence is notified each is marked online or offline; in larger rooms the answer has the
 * number online, and who of `users` is online.
 */
export const who: Handler<Who> = async (context, { room: ref, after, limit, epoch, version, users }) => {
	const { bus, lists, limits, presence, rooms } = context.parts;
	const id = await memberOf(context, ref);
	const pageMax = Math.min(limits.membersPageMax, framed(limits));
	const wanted = limit === 0 ? pageMax : Math.min(limit, pageMax);
	const knows = users.length > 0 || version > 0;
	const facts = await (knows ? lists.facts(id) : lists.page(id, after, wanted));
	if (facts === undefined) throw new Refusal("no_such_room");
	const live = rooms.get(id);
	const hasPresence = facts.total <= limits.presenceReadersMax;
	const answer = (list: ListFacts, more: Partial<MemberList> = {}): DownBody => {
		const { epoch, version, total } = list;
		const online = live === undefined ? 0 : lists.online(live);
		const facts = {
			room: id,
			epoch,
			version,
			asOf: bus.lossy ? list.head : lists.asOf(live, list),
			total,
			online,
			presence: hasPresence,
		};
		// Already a message, so it is not copied: a shared list of members keeps its cached encoding.
		return { case: "memberList", value: Object.assign(create(MemberListSchema, facts), more) };
	};
	if (users.length > 0) {
		return answer(facts, { here: await onlineIn(context, id, onceEach(users)) });
	}
	const isSame = epoch === facts.epoch && version === facts.version;
	if (isSame && after === "" && !hasPresence) return answer(facts, { same: true });
	const page = await lists.page(id, after, wanted);
	if (page === undefined) throw new Refusal("no_such_room");
	const { members, next } = page;
	if (!hasPresence) return answer(page, { members, next });
	const marked = members.map((member) => ({ ...member, online: presence.shows(member.user?.id ?? "") }));
	// A list of one page begins with those online.
	if (after === "" && next === "") marked.sort((a, b) => Number(b.online) - Number(a.online));
	return answer(page, { members: marked, next });
};

/** Those of the users that are online and members: a session at another node does not show here in which rooms it is. */
async function onlineIn({ parts: { presence, store } }: CommandContext, room: string, users: readonly User[]): Promise<User[]> {
	const isOnline = users.map(async ({ id }) => {
		if (presence.showsIn(id, room)) return true;
		return presence.isElsewhere(id) && isMember((await store.room(room, id))?.standing ?? Room_Standing.NONE);
	});
	const online = await Promise.all(isOnline);
	return users.filter((_, i) => online[i]);
}

function onceEach(users: readonly User[]): User[] {
	return [...new Map(users.map((user) => [user.id, user])).values()];
}

/** How many rooms or members fit into a frame, and into the size of a page. */
function framed({ frameDownBytesMax, pageBytesMax }: Pick<Limits, "frameDownBytesMax" | "pageBytesMax">): number {
	return Math.max(1, Math.floor(Math.min(frameDownBytesMax, pageBytesMax * JSON_GROWTH_MAX) / ROOM_BYTES_MAX) - 1);
}

/** Id of a room that the user may read. No read of the store for a session with a subscription. */
async function memberOf(context: CommandContext, ref: string): Promise<string> {
	const id = await roomId(context, ref);
	return context.session?.isSubscribed(id) === true ? id : (await readable(context, id)).id;
}

/** Id and head of a log that the user may read. No read of the store for a session with a subscription. */
async function readableLog(context: CommandContext, ref: string): Promise<Pick<RoomView, "id" | "head">> {
	const { parts, session } = context;
	const id = await roomId(context, ref);
	// With a lossy bus the live room may be behind acknowledged entries.
	const room = !parts.bus.lossy && session?.isSubscribed(id) === true ? parts.rooms.get(id) : undefined;
	return room ?? readable(context, id);
}

/**
 * A room whose log the user may read: as a member or with an invitation, which a single command turns into a membership. The
 * refusal is the same whether the room does not exist or is not visible.
 */
async function readable(context: CommandContext, ref: string): Promise<RoomView> {
	const view = await context.parts.store.room(await roomId(context, ref), context.user.id);
	if (view === undefined) throw new Refusal("no_such_room");
	if (view.standing !== Room_Standing.NONE) return view;
	throw new Refusal(view.kind === Room_Kind.PUBLIC ? "not_member" : "no_such_room");
}
