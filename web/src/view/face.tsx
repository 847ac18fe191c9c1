// Somebody's face: an initial on a colour of their own, and whether they are there.
import type { JSX } from "preact";
import { hueOf, initialOf } from "../text/faces.ts";

export interface FaceProps {
	readonly id: string;
	readonly name: string;
	/** Undefined: not known, or not of interest here. */
	readonly online?: boolean | undefined;
	readonly small?: boolean;
}

export function Face({ id, name, online, small }: FaceProps): JSX.Element {
	return (
		<span class={small ? "face face-small" : "face"} style={{ "--hue": hueOf(id) }} aria-hidden="true">
			{initialOf(name)}
			{online === undefined ? null : <span class={online ? "dot dot-online" : "dot"} />}
		</span>
	);
}
