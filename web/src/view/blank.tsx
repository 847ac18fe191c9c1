// The main part of the page without an open room: header, banner, and content in the middle.
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
