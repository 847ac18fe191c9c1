// A room: its header, timeline, typing users, and the composer.

import { useSignalEffect } from "@preact/signals";
import { Room_Kind } from "@verbatim/protocol";
import type { JSX } from "preact";
import type { RoomModel } from "../state/room.ts";
import { counted, typingWords } from "../text/words.ts";
import { Banner } from "./banner.tsx";
import { Composer } from "./composer.tsx";
import { useApp } from "./context.ts";
import { DrawerButton } from "./drawer-button.tsx";
import { Icon } from "./icon.tsx";
import { RoomSign } from "./room-link.tsx";
import { Timeline } from "./timeline.tsx";

export function Conversation({ model }: { readonly model: RoomModel }): JSX.Element {
	const { session } = useApp();
	useSignalEffect(() => {
		if (session.status.value.state === "live") model.ask();
	});
	return (
		<>
			<RoomHead model={model} />
			<div class="conversation">
				<Banner />
				<Timeline model={model} />
			</div>
			<Typing model={model} />
			<Composer model={model} />
		</>
	);
}

function RoomHead({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout } = useApp();
	model.version.value;
	const { room } = model;
	const direct = room.kind === Room_Kind.DIRECT;
	return (
		<header class="room-head">
			<DrawerButton />
			<RoomSign model={model} />
			<h1 title={model.title.value}>{model.title.value.slice(1)}</h1>
			{direct ? null : <span class="room-facts">{counted(room.memberCount, "member", "members")}</span>}
			<span class="spring" />
			{direct ? null : (
				<button
					type="button"
					class="quiet"
					aria-label="About this room: invite, rename, leave"
					title="About this room"
					onClick={() => (layout.dialog.value = "room")}
				>
					<Icon name="more" />
				</button>
			)}
			<button
				type="button"
				class="quiet"
				aria-label="Members"
				title="Members"
				aria-pressed={layout.members.value}
				onClick={() => (layout.members.value = !layout.members.value)}
			>
				<Icon name="people" />
			</button>
		</header>
	);
}

function Typing({ model }: { readonly model: RoomModel }): JSX.Element {
	model.version.value;
	return (
		<div class="typing" aria-live="off">
			{typingWords(model.room.typing)}
		</div>
	);
}
