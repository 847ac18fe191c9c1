// Rooms and pages of the store as bodies of the wire.
import { type DownBody, type Entry, LIMITS } from "@verbatim/protocol";
import type { LogPage, RoomView } from "../store/store.ts";

type BodyOf<Case extends string> = Extract<DownBody, { case: Case }>["value"];

export type RoomBody = NonNullable<Extract<DownBody, { case: "roomAdded" }>["value"]["room"]>;
export type PageBody = BodyOf<"page">;
export type HeadBody = NonNullable<BodyOf<"ping">["heads"]>[number];

export function roomBody(view: RoomView): RoomBody {
	const { id, kind, name, epoch, head, members, standing, peer } = view;
	const body: RoomBody = { id, kind, name, epoch, head, members, standing };
	if (peer !== undefined) body.peer = { id: peer.id, name: peer.name };
	return body;
}

/** No entry changes an earlier one yet, so a page is as of its head, whenever it was read. */
export function pageBody(room: string, page: LogPage): PageBody {
	const { epoch, to, head } = page;
	// After the greatest seq an empty page would begin beyond the wire's range.
	const from = Math.min(page.from, LIMITS.seqMax);
	return { room, epoch, from, to: page.to < page.from ? from - 1 : to, head, asOf: head, entries: page.entries as Entry[] };
}
