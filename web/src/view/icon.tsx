// The page's icons, inline: strokes of a 24 × 24 grid in the colour of the surrounding text.
import type { JSX } from "preact";

const SHAPES = {
	alert: "M12 8v5M12 16.500v.01M10.300 4 2.800 17a2 2 0 0 0 1.700 3h15a2 2 0 0 0 1.700-3L13.700 4a2 2 0 0 0-3.400 0z",
	check: "M5 12.500 10 17.500 19.500 7",
	clock: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
	close: "M6 6l12 12M18 6 6 18",
	down: "M12 5v14M6 13l6 6 6-6",
	lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
	menu: "M4 7h16M4 12h16M4 17h16",
	more: "M5.500 12a.6.6 0 1 0 .01 0zM12 12a.6.6 0 1 0 .01 0zM18.500 12a.6.6 0 1 0 .01 0z",
	people:
		"M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c0-3.300 2.900-5.500 6.500-5.500s6.500 2.200 6.500 5.500M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.900c2.100.8 3.500 2.600 3.500 5.100",
	plus: "M12 5v14M5 12h14",
	send: "M4 12 20 4l-4.500 16-4-6.500zM11.500 13.500 20 4",
	signOut: "M14 4h5v16h-5M4 12h11M8 8l-4 4 4 4",
	tag: "M9.500 4 8 20M16 4l-1.500 16M4.500 9h16M3.500 15h16",
} as const;

export type IconName = keyof typeof SHAPES;

/** An icon without a text: the element around it has a name. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
	return (
		<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
			<path d={SHAPES[name]} />
		</svg>
	);
}
