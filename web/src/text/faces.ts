// Avatars: an initial and a hue, the same on every page and device, since they are computed from the id.

/** The first letter of a name, whole even where it takes several code units. */
export function initialOf(name: string): string {
	const first = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name)[Symbol.iterator]().next();
	return first.done ? "?" : first.value.segment.toLocaleUpperCase();
}

/** A hue in degrees, 0 to 359, spread evenly over ids. */
export function hueOf(id: string): number {
	// FNV-1a, 32 bits.
	let hash = 0x811c9dc5;
	for (let at = 0; at < id.length; at++) {
		hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193) >>> 0;
	}
	return hash % 360;
}
