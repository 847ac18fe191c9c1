// The frame of every dialog: the browser's own, which keeps the focus inside and closes on Esc. The first field gets the focus;
// on closing, the focus returns.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { ToastList } from "./toasts.tsx";

interface DialogFrameProps {
	readonly title: string;
	readonly children: ComponentChildren;
	/** The user closes it. */
	readonly onClose: () => void;
}

export function DialogFrame({ title, children, onClose }: DialogFrameProps): JSX.Element {
	const { layout } = useApp();
	const shown = useSignal(false);
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const gone = useRef(false);
	useLayoutEffect(() => {
		const box = dialog.current;
		box?.showModal();
		box?.querySelector<HTMLElement>(FIRST)?.focus();
		shown.value = true;
		layout.modals.value++;
		return () => {
			gone.current = true;
			layout.modals.value--;
			// The browser restores the focus.
			box?.close();
		};
	}, [layout, shown]);
	const close = (): void => {
		if (!gone.current) onClose();
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the browser closes a modal dialog on Esc by itself
		<dialog
			ref={dialog}
			class="dialog"
			aria-labelledby={titleId}
			onClose={close}
			onClick={(event) => {
				// The dialog's content fills its box: a click that hits the element itself is outside it.
				if (event.target === event.currentTarget) close();
			}}
		>
			<div class="dialog-body">
				<header>
					<h2 id={titleId}>{title}</h2>
					<button type="button" class="quiet" aria-label="Close" onClick={close}>
						<Icon name="close" />
					</button>
				</header>
				{children}
			</div>
			{shown.value ? <ToastList /> : null}
		</dialog>
	);
}

/** The first field; without one, the first button that does not close the dialog. */
const FIRST = ".dialog-body > :not(header) :is(input, button:not(.danger))";
