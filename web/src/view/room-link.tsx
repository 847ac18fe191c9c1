// A room in the list: its name, the presence of the other user, and the number of unread messages.
import { Room_Kind } from "@verbatim/protocol";
import type { JSX } from "preact";
import { hashOfTitle } from "../state/place.ts";
import type { RoomModel } from "../state/room.ts";
import { counted } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icon.tsx";

export function RoomLink({ model }: { readonly model: RoomModel }): JSX.Element {
	const { rooms, actions } = useApp();
	const unread = model.unread.value;
	const title = model.title.value;
	const open = rooms.current.value === model && rooms.wanted.value === "";
	return (
		<li>
			<a
				class={unread > 0 ? "room-link room-link-unread" : "room-link"}
				href={hashOfTitle(title)}
				aria-current={open ? "page" : undefined}
				onClick={(event) => {
					if (event.metaKey || event.ctrlKey || event.shiftKey) return;
					event.preventDefault();
					actions.go(model.room.id);
				}}
			>
				<RoomSign model={model} />
				<span class="room-name">{title.slice(1)}</span>
				{model.draft.value !== "" && !open ? <span class="room-draft">draft</span> : null}
				{unread > 0 ? (
					<span class="badge">
						{unread > 99 ? "99+" : unread}
						<span class="unseen"> unread {counted(unread, "message", "messages")}</span>
					</span>
				) : null}
			</a>
		</li>
	);
}

/** Before a room's name: a sign for channels, an avatar for direct conversations. */
export function RoomSign({ model }: { readonly model: RoomModel }): JSX.Element {
	const { rooms } = useApp();
	rooms.presence.value;
	model.version.value;
	const { room } = model;
	if (room.kind === Room_Kind.DIRECT && room.peer !== undefined) {
		const online = room.members.get(room.peer.id)?.online;
		return <Face id={room.peer.id} name={room.peer.name} online={online} small />;
	}
	return (
		<span class="room-sign">
			<Icon name={room.kind === Room_Kind.PRIVATE ? "lock" : "tag"} />
			{room.kind === Room_Kind.PRIVATE ? <span class="unseen">private room </span> : null}
		</span>
	);
}
