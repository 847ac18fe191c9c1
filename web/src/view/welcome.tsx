// No room is open yet: where to begin.
import type { JSX } from "preact";
import { Blank } from "./blank.tsx";
import { useApp } from "./context.ts";
import { Mark } from "./mark.tsx";

export function Welcome(): JSX.Element {
	const { layout, session } = useApp();
	return (
		<Blank>
			<Mark />
			<h1>Welcome, {session.user.value?.name}</h1>
			<p>Join a room, or write to somebody.</p>
			<div class="buttons">
				<button type="button" class="primary" onClick={() => (layout.dialog.value = "rooms")}>
					Find or create a room
				</button>
				<button type="button" onClick={() => (layout.dialog.value = "direct")}>
					New direct message
				</button>
			</div>
		</Blank>
	);
}
