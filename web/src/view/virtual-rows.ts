// Binds TanStack's virtual core to Preact. The rows lie in normal flow inside a box that is moved into place, so that what is
// on the screen is right even before it was measured.
//
// Preact renders in a microtask: after a scroll or resize observer's call and before the paint, which is as early as needed.
import { observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

export type RowVirtualizer = Virtualizer<HTMLElement, HTMLElement>;

export type RowVirtualizerOptions = Omit<
	VirtualizerOptions<HTMLElement, HTMLElement>,
	"observeElementRect" | "observeElementOffset" | "onChange"
>;

/** A virtualizer that lives as long as the calling component, and renders it anew when other rows are to be shown. */
export function useVirtualRows(options: RowVirtualizerOptions): RowVirtualizer {
	const [, render] = useReducer((count: number, _: undefined) => count + 1, 0);
	const resolved: VirtualizerOptions<HTMLElement, HTMLElement> = {
		...options,
		observeElementRect,
		observeElementOffset,
		onChange: () => render(undefined),
	};
	const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(resolved));
	virtualizer.setOptions(resolved);
	useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
	useLayoutEffect(() => virtualizer._willUpdate());
	return virtualizer;
}
