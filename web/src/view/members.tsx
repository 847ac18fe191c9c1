// The members of the room, with presence, as a virtual list: a room may have thousands.

import { useSignal } from "@preact/signals";
import { elementScroll } from "@tanstack/virtual-core";
import type { RoomMember } from "@verbatim/client";
import { LIMITS, Room_Standing } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import { MemberOrder } from "../text/member-order.ts";
import { counted } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icon.tsx";
import { useVirtualRows } from "./virtual-rows.ts";

const PERSON_PX = 40;
/** At this many members before the end of those loaded, more are loaded. */
const AHEAD = 50;

export function Members({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout, rooms } = useApp();
	model.version.value;
	rooms.presence.value;
	const { room } = model;
	const scroller = useRef<HTMLDivElement>(null);
	const panel = useRef<HTMLElement>(null);
	useFocusOver(panel);
	return (
		<aside class="members" aria-label="Members" ref={panel}>
			<header>
				<h2>Members</h2>
				<button type="button" class="quiet" aria-label="Close members" onClick={() => (layout.members.value = false)}>
					<Icon name="close" />
				</button>
			</header>
			<p class="members-count">
				{counted(room.memberCount, "member", "members")}
				{room.onlineCount === undefined ? "" : `, ${room.onlineCount.toLocaleString()} online`}
			</p>
			<div class="members-list" ref={scroller}>
				<List model={model} scroller={scroller} />
			</div>
		</aside>
	);
}

/** A panel that covers the conversation has the focus while it is open, and returns it to the button that opened it. */
function useFocusOver(panel: { readonly current: HTMLElement | null }): void {
	const { layout } = useApp();
	useEffect(() => {
		if (!layout.overlaid.peek()) return undefined;
		const before = document.activeElement;
		panel.current?.querySelector("button")?.focus();
		return () => {
			if (before instanceof HTMLButtonElement) before.focus();
		};
	}, [layout, panel]);
}

interface ListProps {
	readonly model: RoomModel;
	readonly scroller: { readonly current: HTMLElement | null };
}

function List({ model, scroller }: ListProps): JSX.Element {
	const { layout, session, rooms } = useApp();
	model.version.value;
	rooms.presence.value;
	const { room } = model;
	const { members: known, membersComplete: complete } = room;
	const order = useMemo(() => new MemberOrder(), []);
	const rests = useSignal(0);
	const tried = useSignal(session.status.peek().state !== "live");
	// Sorted from the start where one more page completes it.
	const awaited = !complete && !tried.value && room.memberCount <= LIMITS.membersPageMax;
	useEffect(() => {
		if (awaited) void model.loadAllMembers().then(() => (tried.value = true));
	}, [model, awaited, tried]);
	useEffect(() => {
		const box = scroller.current;
		const onRest = (): void => void rests.value++;
		box?.addEventListener("pointerleave", onRest);
		box?.addEventListener("focusout", onRest);
		return () => {
			box?.removeEventListener("pointerleave", onRest);
			box?.removeEventListener("focusout", onRest);
		};
	}, [scroller, rests]);
	const rested = rests.value;
	// Sorted when it changes, not with each message.
	const { members, invited } = useMemo(() => {
		const box = scroller.current;
		const looked = rested >= 0 && (layout.overlaid.peek() || (box !== null && isLookedAt(box)));
		const all = awaited ? [] : order.arrange(known.values(), { complete, looked });
		const isInvited = ({ standing }: { readonly standing: Room_Standing }): boolean => standing === Room_Standing.INVITED;
		return { members: all.filter((member) => !isInvited(member)), invited: all.filter(isInvited) };
	}, [known, complete, awaited, order, layout, scroller, rested]);
	if (awaited) return <p class="hint">One moment…</p>;
	return (
		<>
			{order.isOfPages ? <p class="hint">In the order in which they came to this server</p> : null}
			<People model={model} members={members} scroller={scroller} />
			{invited.length === 0 ? null : (
				<>
					<h3>Invited</h3>
					<ul>
						{invited.map(({ user }) => (
							<Person key={user.id} id={user.id} name={user.name} online={undefined} facts="" />
						))}
					</ul>
				</>
			)}
		</>
	);
}

/** Is the pointer or the focus in it, or was it scrolled? */
function isLookedAt(box: HTMLElement): boolean {
	return box.scrollTop > 0 || box.matches(":hover, :focus-within");
}

interface PeopleProps {
	readonly model: RoomModel;
	readonly members: readonly RoomMember[];
	readonly scroller: { readonly current: HTMLElement | null };
}

function People({ model, members, scroller }: PeopleProps): JSX.Element {
	const { minute } = useApp();
	const list = useRef<HTMLUListElement>(null);
	const virtualizer = useVirtualRows({
		count: members.length,
		getScrollElement: () => scroller.current,
		getItemKey: (index) => members[index]?.user.id ?? index,
		estimateSize: () => PERSON_PX,
		scrollToFn: elementScroll,
		scrollMargin: list.current?.offsetTop ?? 0,
		overscan: 8,
	});
	const items = virtualizer.getVirtualItems();
	const last = items.at(-1)?.index ?? 0;
	useEffect(() => {
		if (last >= members.length - AHEAD) model.loadMembers();
	}, [model, last, members.length]);
	const shown = items.flatMap(({ index }) => members[index]?.user.id ?? []).join(" ");
	const now = minute.value;
	useEffect(() => {
		// Repeated from time to time: in a large room presence is not notified.
		if (now > 0 && shown !== "") model.lookAt(shown.split(" "));
	}, [model, shown, now]);
	return (
		<ul ref={list} class="people" style={{ height: `${virtualizer.getTotalSize()}px` }}>
			{items.map(({ index, start }) => {
				const member = members[index];
				if (member === undefined) return null;
				const { user, standing, online } = member;
				return (
					<Person
						key={user.id}
						id={user.id}
						name={user.name}
						online={online}
						facts={standing === Room_Standing.OWNER ? "owner" : ""}
						place={{ index, of: model.room.memberCount, top: start - (list.current?.offsetTop ?? 0) }}
					/>
				);
			})}
		</ul>
	);
}

interface PersonProps {
	readonly id: string;
	readonly name: string;
	readonly online: boolean | undefined;
	readonly facts: string;
	/** Its position in a long list. */
	readonly place?: { readonly index: number; readonly of: number; readonly top: number };
}

function Person({ id, name, online, facts, place }: PersonProps): JSX.Element {
	const { actions, session } = useApp();
	const me = session.user.value?.id === id;
	const marks = [facts, me ? "you" : ""].filter(Boolean).join(", ");
	return (
		<li
			{...(place && {
				"aria-posinset": place.index + 1,
				"aria-setsize": place.of,
				style: { transform: `translateY(${place.top}px)` },
			})}
		>
			<button
				type="button"
				class="person"
				disabled={me}
				title={me ? undefined : `Write to ${name}`}
				onClick={() => void actions.direct(name)}
			>
				<Face id={id} name={name} online={online} small />
				<span class="room-name">{name}</span>
				<span class="person-facts">{marks}</span>
				<span class="unseen">{online === undefined ? "" : online ? ", online" : ", offline"}</span>
			</button>
		</li>
	);
}
