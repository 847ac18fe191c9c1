// The frame of every dialog: the browser's own, which keeps the focus inside and closes on Esc.
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

export function DialogFrame({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
	const { layout } = useApp();
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	useLayoutEffect(() => dialog.current?.showModal(), []);
	const close = (): void => {
		layout.dialog.value = undefined;
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the browser closes a modal dialog on Esc by itself
		<dialog
			ref={dialog}
			class="dialog"
			aria-labelledby={titleId}
			onClose={close}
			onClick={(event) => {
				// The dialog's own box is filled by its content: a click that hits the element itself is beside it.
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
		</dialog>
	);
}
