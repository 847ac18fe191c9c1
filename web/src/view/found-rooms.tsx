// The channels that were found, as a virtual list: there may be thousands.
import { elementScroll } from "@tanstack/virtual-core";
import type { RoomInfo } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { counted } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { useVirtualRows } from "./virtual-rows.ts";

const ROOM_PX = 44;
/** At this many rooms before the end of those loaded, more are loaded. */
const AHEAD = 50;

interface FoundRoomsProps {
	readonly rooms: readonly RoomInfo[];
	/** Are all loaded? */
	readonly complete: boolean;
	/** Changes when more can be loaded. */
	readonly loaded: unknown;
	/** Called near the end of the loaded rooms. */
	readonly onEnd: () => void;
	/** Content below them. */
	readonly children: ComponentChildren;
}

export function FoundRooms({ rooms, complete, loaded, onEnd, children }: FoundRoomsProps): JSX.Element {
	const scroller = useRef<HTMLDivElement>(null);
	const virtualizer = useVirtualRows({
		count: rooms.length,
		getScrollElement: () => scroller.current,
		getItemKey: (index) => rooms[index]?.id ?? index,
		estimateSize: () => ROOM_PX,
		scrollToFn: elementScroll,
		overscan: 8,
	});
	const items = virtualizer.getVirtualItems();
	const isNear = !complete && (items.at(-1)?.index ?? 0) >= rooms.length - AHEAD;
	// What was loaded may not fill the screen.
	useEffect(() => {
		if (isNear) onEnd();
	}, [isNear, loaded, onEnd]);
	return (
		<div class="found" ref={scroller}>
			<ul style={{ height: `${virtualizer.getTotalSize()}px` }}>
				{items.map(({ index, start }) => {
					const room = rooms[index];
					if (room === undefined) return null;
					const place = { "aria-posinset": index + 1, "aria-setsize": complete ? rooms.length : -1 };
					return <FoundRoom key={room.id} room={room} top={start} {...place} />;
				})}
			</ul>
			{children}
		</div>
	);
}

interface FoundRoomProps {
	readonly room: RoomInfo;
	readonly top: number;
	readonly "aria-posinset": number;
	readonly "aria-setsize": number;
}

function FoundRoom({ room, top, ...place }: FoundRoomProps): JSX.Element {
	const { client, actions } = useApp();
	const inside = client.rooms.has(room.id);
	return (
		<li {...place} style={{ transform: `translateY(${top}px)` }}>
			<Icon name={room.kind === Room_Kind.PRIVATE ? "lock" : "tag"} />
			<span class="room-name">{room.name}</span>
			<span class="room-facts">{counted(room.members, "member", "members")}</span>
			<button
				type="button"
				aria-label={`${inside ? "Open" : "Join"} #${room.name}`}
				onClick={() => (inside ? actions.go(room.id) : void actions.join(room.id))}
			>
				{inside ? "Open" : "Join"}
			</button>
		</li>
	);
}
