// Binds TanStack's virtual core to Preact. The rows are in normal flow inside a box that is positioned, so that the screen is
// right even before rows are measured.
//
// Preact renders in a microtask: after the callbacks of scroll and resize, and before the paint.
import { observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

export type RowVirtualizer = Virtualizer<HTMLElement, HTMLElement>;

export type RowVirtualizerOptions = Omit<
	VirtualizerOptions<HTMLElement, HTMLElement>,
	"observeElementRect" | "observeElementOffset" | "onChange"
>;

/** A virtualizer with the lifetime of the calling component, which it renders when other rows are to be shown. */
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
