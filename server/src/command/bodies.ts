// Rooms of the store as bodies of the wire.
import type { DownBody } from "@verbatim/protocol";
import type { RoomView } from "../store/store.ts";

type BodyOf<Case extends string> = Extract<DownBody, { case: Case }>["value"];

export type RoomBody = NonNullable<Extract<DownBody, { case: "roomAdded" }>["value"]["room"]>;
export type HeadBody = NonNullable<BodyOf<"ping">["heads"]>[number];

export function roomBody(view: RoomView): RoomBody {
	const { id, kind, name, epoch, head, members, standing, peer } = view;
	const body: RoomBody = { id, kind, name, epoch, head, members, standing };
	if (peer !== undefined) body.peer = { id: peer.id, name: peer.name };
	return body;
}
