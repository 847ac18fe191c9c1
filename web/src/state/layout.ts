// What is open beside the conversation, and whether anybody looks.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** `rooms`: find, join and create. `direct`: begin a conversation. `room`: rename and invite. */
export type Dialog = "rooms" | "direct" | "room";

/** What is lost for good is asked about before it is done. */
export interface Question {
	readonly title: string;
	/** What is lost, a sentence each. */
	readonly lost: readonly string[];
	/** What the button says that does it. */
	readonly yes: string;
	readonly act: () => void;
}

export interface Layout {
	/** The list of rooms, where there is no place for it beside the conversation. */
	readonly drawer: Signal<boolean>;
	readonly members: Signal<boolean>;
	/** Do the members lie over the conversation, for want of room beside it? */
	readonly overlaid: ReadonlySignal<boolean>;
	readonly dialog: Signal<Dialog | undefined>;
	readonly question: Signal<Question | undefined>;
	/** How many dialogs are shown: toasts lie in the topmost one, since all else is out of reach while it is there. */
	readonly modals: Signal<number>;
	/** Is the page in front of somebody: shown, and with the focus? */
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
