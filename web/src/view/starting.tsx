// A known user is being welcomed: the mark, and, if it takes time, what it waits for.
import type { JSX } from "preact";
import { Banner } from "./banner.tsx";
import { useApp } from "./context.ts";
import { Mark } from "./mark.tsx";

export function Starting(): JSX.Element {
	const { actions } = useApp();
	return (
		<main class="starting">
			<Mark />
			<div class="starting-words">
				<Banner />
				<button type="button" class="link" onClick={() => actions.signOut()}>
					Sign in as somebody else
				</button>
			</div>
		</main>
	);
}
