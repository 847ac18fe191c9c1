// Opens the list of rooms where it is a drawer; shows the number of unread messages in it.
import type { JSX } from "preact";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

export function DrawerButton(): JSX.Element {
	const { layout, rooms } = useApp();
	const unread = rooms.unread.value;
	return (
		<button
			type="button"
			class="quiet drawer-button"
			aria-label={unread > 0 ? `Rooms, ${unread} unread` : "Rooms"}
			aria-expanded={layout.drawer.value}
			onClick={() => (layout.drawer.value = true)}
		>
			<Icon name="menu" />
			{unread > 0 ? <span class="drawer-mark" /> : null}
		</button>
	);
}
