// The main part of the page where no room is open: its head, the banner, and in the middle what is to be said and done.
import type { ComponentChildren, JSX } from "preact";
import { Banner } from "./banner.tsx";
import { DrawerButton } from "./drawer-button.tsx";

export function Blank({ children }: { readonly children: ComponentChildren }): JSX.Element {
	return (
		<>
			<header class="room-head">
				<DrawerButton />
			</header>
			<div class="conversation">
				<Banner />
				<div class="welcome">{children}</div>
			</div>
		</>
	);
}
