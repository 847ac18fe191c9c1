// Toasts at the edge of the page. Errors are announced at once, others politely.
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

export function ToastList(): JSX.Element {
	const { toasts } = useApp();
	const box = useRef<HTMLDivElement>(null);
	const newest = toasts.list.value.at(-1)?.id;
	useLayoutEffect(() => {
		// A popover that is shown again is above everything, dialogs included.
		box.current?.hidePopover();
		if (newest !== undefined) box.current?.showPopover();
	}, [newest]);
	return (
		<div ref={box} class="toasts" role="status" aria-live="polite" popover="manual">
			{toasts.list.value.map((toast) => (
				<div key={toast.id} class={`toast toast-${toast.kind}`} role={toast.kind === "error" ? "alert" : undefined}>
					{toast.kind === "error" ? <Icon name="alert" /> : <Icon name="check" />}
					<p>{toast.words}</p>
					<button type="button" class="quiet" aria-label="Dismiss" onClick={() => toasts.dismiss(toast.id)}>
						<Icon name="close" />
					</button>
				</div>
			))}
		</div>
	);
}
