// Framers: the first byte selects one, the second what the rest is: a received stream, or bodies that are framed by the encoder, with a bit
// flipped in some.
import { type FrameEvent, type Framer, fixedFramer, lengthFramer, lengthOverheadBytes, newlineFramer } from "@verbatim/protocol";
import { Choices } from "../choices.ts";
import { must, mustEqual, type OpenTarget, type Target } from "../target.ts";

const BYTES_MAX = 600;

/** So short that a body of one byte more turns up by itself. */
const SHORT_BYTES_MAX = 24;

const FRAMERS: readonly [Kind, ...Kind[]] = [
	lengthKind("length", BYTES_MAX, false),
	lengthKind("crc", BYTES_MAX, true),
	{ name: "newline", make: () => newlineFramer({ bytesMax: BYTES_MAX }), bytesMax: BYTES_MAX, headBytes: 2, checked: false },
	{ name: "fixed", make: () => fixedFramer({ bytes: 7 }), bytesMax: 7, headBytes: 0, checked: false },
	lengthKind("short length", SHORT_BYTES_MAX, false),
	lengthKind("short crc", SHORT_BYTES_MAX, true),
];

interface Kind {
	readonly name: string;
	make(): Framer;
	readonly bytesMax: number;
	/** Held of a frame beside its body. */
	readonly headBytes: number;
	readonly checked: boolean;
}

function lengthKind(name: string, bytesMax: number, crc: boolean): Kind {
	return { name, make: () => lengthFramer({ bytesMax, crc }), bytesMax, headBytes: lengthOverheadBytes(crc), checked: crc };
}

export const framers: Target = {
	name: "framers",
	feeds: "the length framer with and without checks, the newline and the fixed framer",
	holds: [
		"any bytes in any slices give the events of the same bytes in one piece",
		"no body is longer than the limit, and no more is held than what came, at most doubled: a lying length costs nothing",
		"after an error the same error, for ever",
		"what the encoder has made arrives as it was",
		"with checks, a flipped bit never changes, adds or reorders a body",
	],
	bytesMax: 4_096,
	words: ["protocol/src/frame/"],
	pieces: [
		Uint8Array.of(0, 0, 2, 0x58),
		Uint8Array.of(0, 0, 2, 0x59),
		Uint8Array.of(0, 0, 0, SHORT_BYTES_MAX),
		Uint8Array.of(0, 0, 0, SHORT_BYTES_MAX + 1),
		Uint8Array.of(0xff, 0xff, 0xff, 0xff),
		"\r\n",
	],
	open: (): OpenTarget => ({
		feed(input) {
			const choices = new Choices(input);
			const kind = choices.pick(FRAMERS);
			if (choices.byte() % 2 === 0) return `${kind.name} ${asStream(kind, choices)}`;
			return `${kind.name} ${asBodies(kind, choices)}`;
		},
	}),
};

/** Bytes as they come. */
function asStream(kind: Kind, choices: Choices): string {
	const cuts = choices.some(32);
	const stream = choices.rest().slice();
	const whole = run(kind, [stream]);
	mustEqual(run(kind, new Choices(cuts).slices(stream)), whole, "sliced, a stream gives other events than whole");
	return whole.events.at(-1)?.kind ?? "nothing";
}

/** Bodies as the encoder frames them, sound or damaged on their way. */
function asBodies(kind: Kind, choices: Choices): string {
	const framer = kind.make();
	const bodies: Uint8Array[] = [];
	const frames: Uint8Array[] = [];
	const flip = choices.below(65_536);
	const damage = choices.onceIn(2);
	while (!choices.over && bodies.length < 8) {
		const body = choices.some(kind.bytesMax + 2).slice();
		try {
			frames.push(framer.encode(body));
		} catch (error) {
			must(error instanceof RangeError, () => `a body that cannot be carried is a RangeError, not ${error}`);
			continue;
		}
		bodies.push(body);
	}
	const stream = Uint8Array.from(Buffer.concat(frames));
	if (!damage || stream.length === 0) {
		const { events, midFrame } = run(kind, [stream]);
		mustEqual(
			events,
			bodies.map((body) => ({ kind: "frame", body })),
			"what was framed did not arrive as it was",
		);
		must(!midFrame, "a framer is in the middle of a frame when all have come");
		return "sound";
	}
	const bit = flip % (stream.length * 8);
	stream[bit >>> 3] = (stream[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
	const { events } = run(kind, [stream]);
	if (kind.checked) {
		let at = 0;
		for (const event of events) {
			if (event.kind !== "frame") continue;
			// Each frame that arrives is one that was sent, behind the one before it.
			while (at < bodies.length && !Bun.deepEquals(bodies[at], event.body)) at++;
			must(at < bodies.length, "a damaged body was delivered as sound");
			at++;
		}
		must(events.length < bodies.length || events.some(({ kind: it }) => it !== "frame"), "nobody noticed a flipped bit");
	}
	return `damaged ${events.length < bodies.length ? "less" : "all"}`;
}

function run(kind: Kind, chunks: Iterable<Uint8Array>): { readonly events: FrameEvent[]; readonly midFrame: boolean } {
	const framer = kind.make();
	const events: FrameEvent[] = [];
	let arrived = 0;
	for (const chunk of chunks) {
		arrived += chunk.length;
		framer.push(chunk);
		for (let event = framer.next(); event !== undefined; event = framer.next()) {
			if (event.kind === "frame") {
				must(event.body.length <= kind.bytesMax, () => `a body of ${kind.name} is longer than the limit`);
				events.push({ kind: "frame", body: event.body.slice() });
				continue;
			}
			events.push(event);
			if (event.kind !== "error") continue;
			framer.push(chunk.slice());
			mustEqual(framer.next(), event, "after an error something else came");
			must(!framer.midFrame, "after an error no frame is under way");
			return { events, midFrame: false };
		}
		const { held, room } = holdOf(framer);
		must(held <= kind.bytesMax + kind.headBytes, "more is held than one frame of the limit");
		must(room <= Math.max(256, 2 * arrived), "more was allocated than what came, doubled");
	}
	return { events, midFrame: framer.midFrame };
}

/** Bytes held of a frame that is not whole, and the memory that was made for them. */
function holdOf(framer: Framer): { readonly held: number; readonly room: number } {
	const { buffer } = framer as unknown as { buffer: { readonly heldBytes: number; readonly hold: Uint8Array } };
	return { held: buffer.heldBytes, room: buffer.hold.length };
}
