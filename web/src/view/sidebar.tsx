// The list of rooms: invitations, channels, direct conversations; and the user.

import { useSignal } from "@preact/signals";
import type { User } from "@verbatim/protocol";
import type { ComponentChildren, JSX } from "preact";
import { useApp } from "./context.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { RoomLink } from "./room-link.tsx";

export function Sidebar({ user }: { readonly user: User }): JSX.Element {
	const { rooms, layout, actions } = useApp();
	const invitations = rooms.invitations.value;
	return (
		<nav class="sidebar" aria-label="Rooms">
			<header class="sidebar-head">
				<Mark />
				<span class="wordmark">Verbatim</span>
				<button
					type="button"
					class="quiet sidebar-close"
					aria-label="Close the list of rooms"
					onClick={() => {
						layout.drawer.value = false;
					}}
				>
					<Icon name="close" />
				</button>
			</header>
			<div class="sidebar-lists">
				{invitations.length === 0 ? null : (
					<Section title="Invitations">
						{invitations.map((room) => (
							<li key={room.id} class="invitation">
								<span class="room-name" title={`#${room.name}`}>
									#{room.name}
								</span>
								<button type="button" onClick={() => void actions.join(room.id)} aria-label={`Join #${room.name}`}>
									Join
								</button>
								<button
									type="button"
									onClick={() => void actions.decline(room.id)}
									aria-label={`Decline invitation to #${room.name}`}
								>
									Decline
								</button>
							</li>
						))}
					</Section>
				)}
				<Section title="Rooms" add="Find or create a room" onAdd={() => (layout.dialog.value = "rooms")}>
					{rooms.channels.value.map((model) => (
						<RoomLink key={model.room.id} model={model} />
					))}
				</Section>
				<Section title="Direct messages" add="New direct message" onAdd={() => (layout.dialog.value = "direct")}>
					{rooms.directs.value.map((model) => (
						<RoomLink key={model.room.id} model={model} />
					))}
				</Section>
			</div>
			<Me user={user} />
		</nav>
	);
}

interface SectionProps {
	readonly title: string;
	/** Label of the section's button. */
	readonly add?: string;
	readonly onAdd?: () => void;
	readonly children: ComponentChildren;
}

function Section({ title, add, onAdd, children }: SectionProps): JSX.Element {
	return (
		<section class="section">
			<header>
				<h2>{title}</h2>
				{add === undefined ? null : (
					<button type="button" class="quiet" aria-label={add} title={add} onClick={onAdd}>
						<Icon name="plus" />
					</button>
				)}
			</header>
			<ul>{children}</ul>
		</section>
	);
}

function Me({ user }: { readonly user: User }): JSX.Element {
	const { session, actions } = useApp();
	const open = useSignal(false);
	const live = session.status.value.state === "live";
	return (
		<footer class="me">
			<Face id={user.id} name={user.name} online={live} />
			<span class="me-name" title={user.name}>
				{user.name}
			</span>
			{open.value ? (
				<button type="button" class="small" onClick={() => actions.signOut()}>
					<Icon name="signOut" /> Sign out
				</button>
			) : null}
			<button
				type="button"
				class="quiet"
				aria-label={open.value ? "Close the account menu" : "Account menu"}
				aria-expanded={open.value}
				onClick={() => (open.value = !open.value)}
			>
				<Icon name={open.value ? "close" : "more"} />
			</button>
		</footer>
	);
}
