// What is open beside the conversation, and whether the page is in use.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** `rooms`: find, join and create. `direct`: begin a conversation. `room`: rename and invite. */
export type Dialog = "rooms" | "direct" | "room";

/** The confirmation before something is lost for good. */
export interface Question {
	readonly title: string;
	/** What would be lost, one sentence each. */
	readonly lost: readonly string[];
	/** Label of the confirming button. */
	readonly yes: string;
	readonly act: () => void;
}

export interface Layout {
	/** The list of rooms, where it does not fit beside the conversation. */
	readonly drawer: Signal<boolean>;
	readonly members: Signal<boolean>;
	/** Do the members cover the conversation, on a narrow screen? */
	readonly overlaid: ReadonlySignal<boolean>;
	readonly dialog: Signal<Dialog | undefined>;
	readonly question: Signal<Question | undefined>;
	/** Open dialogs: toasts are shown in the topmost one, since everything else is inert. */
	readonly modals: Signal<number>;
	/** Is the page visible and focused? */
	readonly attended: ReadonlySignal<boolean>;
}

export function createLayout(window: Window): Layout {
	const { document } = window;
	const look = (): boolean => document.visibilityState === "visible" && document.hasFocus();
	const attended = signal(look());
	const update = (): void => {
		attended.value = look();
	};
	window.addEventListener("focus", update);
	window.addEventListener("blur", update);
	document.addEventListener("visibilitychange", update);
	// As style/shell.css has it.
	const narrow = window.matchMedia("(max-width: 1040px)");
	const overlaid = signal(narrow.matches);
	narrow.addEventListener("change", () => {
		overlaid.value = narrow.matches;
	});
	return {
		drawer: signal(false),
		members: signal(false),
		overlaid,
		dialog: signal(undefined),
		question: signal(undefined),
		modals: signal(0),
		attended,
	};
}
