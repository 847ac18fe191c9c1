// A user's avatar: an initial on the user's colour, and presence.
import type { JSX } from "preact";
import { hueOf, initialOf } from "../text/faces.ts";

export interface FaceProps {
	readonly id: string;
	readonly name: string;
	/** Undefined: unknown, or not shown here. */
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
