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
const MARK = "M7.300 8.500h6.200l2.200 15h-3.400zM24.700 8.500h-6.200l-2.200 15h3.400z";
