// The rooms: list, conversation, members; and the global keys.
import type { User } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { App } from "../state/app.ts";
import { useApp } from "./context.ts";
import { Conversation } from "./conversation.tsx";
import { DirectDialog } from "./direct-dialog.tsx";
import { JoinPrompt } from "./join-prompt.tsx";
import { Members } from "./members.tsx";
import { RoomDialog } from "./room-dialog.tsx";
import { RoomsDialog } from "./rooms-dialog.tsx";
import { Sidebar } from "./sidebar.tsx";
import { Welcome } from "./welcome.tsx";

export function Shell({ user }: { readonly user: User }): JSX.Element {
	const app = useApp();
	const { rooms, layout } = app;
	const current = rooms.current.value;
	const dialog = layout.dialog.value;
	const membersShown = app.membersShown.value;
	const main = useRef<HTMLElement>(null);

	useEffect(() => {
		const onKey = (event: KeyboardEvent): void => onShortcut(event, app);
		window.addEventListener("keydown", onKey);
		return () => window.removeEventListener("keydown", onKey);
	}, [app]);

	return (
		<div class={membersShown ? "shell shell-members" : "shell"} data-drawer={layout.drawer.value ? "open" : "closed"}>
			<button type="button" class="skip-link" onClick={() => (composer() ?? main.current)?.focus()}>
				Skip to the conversation
			</button>
			<Sidebar user={user} />
			<div class="scrim" aria-hidden="true" onClick={() => closeOver(app)} />
			<main ref={main} class="main" tabIndex={-1}>
				{rooms.wanted.value !== "" ? (
					<JoinPrompt key={rooms.wanted.value} target={rooms.wanted.value} />
				) : current === undefined ? (
					<Welcome />
				) : (
					<Conversation key={current.room.id} model={current} />
				)}
			</main>
			{membersShown && current !== undefined ? <Members key={current.room.id} model={current} /> : null}
			{dialog === "rooms" ? <RoomsDialog /> : null}
			{dialog === "direct" ? <DirectDialog /> : null}
			{dialog === "room" && current !== undefined ? <RoomDialog model={current} /> : null}
		</div>
	);
}

/** Alt and arrows switch rooms, `/` focuses the composer, Esc closes what covers the conversation. */
function onShortcut(event: KeyboardEvent, app: App): void {
	if (event.defaultPrevented || app.layout.modals.value > 0) return;
	if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
		event.preventDefault();
		app.rooms.step(event.key === "ArrowDown" ? 1 : -1);
	} else if (event.key === "/" && !isTyping(event.target)) {
		event.preventDefault();
		composer()?.focus();
	} else if (event.key === "Escape") {
		closeOver(app);
	}
}

function closeOver({ layout }: App): void {
	if (layout.drawer.value) layout.drawer.value = false;
	else layout.members.value = false;
}

function composer(): HTMLElement | null {
	return document.querySelector<HTMLElement>("#composer");
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
