// What several tests of the wire share.
import type { FrameEvent, Framer } from "../src/mod.ts";

export function bytes(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

export function hex(body: Uint8Array): string {
	return Array.from(body, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

export function fromHex(text: string): Uint8Array {
	return Uint8Array.from(text.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

/** Cuts `stream` into chunks of the given sizes, over and over. */
export function* chunks(stream: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
	let at = 0;
	for (let i = 0; at < stream.length; i++) {
		const size = Math.max(1, sizes[i % sizes.length] ?? stream.length);
		yield stream.slice(at, at + size);
		at += size;
	}
}

/** All events that a framer gives for these chunks, bodies copied; ends at the first error. */
export function run(framer: Framer, parts: Iterable<Uint8Array>): FrameEvent[] {
	const events: FrameEvent[] = [];
	for (const part of parts) {
		framer.push(part);
		for (let event = framer.next(); event !== undefined; event = framer.next()) {
			events.push(event.kind === "frame" ? { kind: "frame", body: event.body.slice() } : event);
			if (event.kind === "error") return events;
		}
	}
	return events;
}

/** The bodies of a run that had nothing but frames. */
export function bodies(events: readonly FrameEvent[]): Uint8Array[] {
	return events.map((event) => {
		if (event.kind !== "frame") throw new Error(`not a frame: ${JSON.stringify(event)}`);
		return event.body;
	});
}
