// Verbatim's mark: a quotation mark whose strokes lean to a V.
import type { JSX } from "preact";

export function Mark(): JSX.Element {
	return (
		<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
			<rect class="mark-ground" width="32" height="32" rx="8" />
			<path class="mark-strokes" d={MARK} />
		</svg>
	);
}

/** The strokes on a 32 × 32 ground; icon.svg has the same. */
const MARK = "M7.500 8.500h6l2.200 15h-3.400zM24.500 8.500h-6l-1.100 7.500 1.300 7.500h1z";
