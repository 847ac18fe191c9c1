// The first line of a framed connection and its answer, as read by the server and by the client.
import {
	CLOSES,
	isErrorCode,
	LIMITS,
	type Preface,
	PrefaceAnswerReader,
	type PrefaceEvent,
	PrefaceReader,
	parsePreface,
	prefaceFramer,
	renderPreface,
	renderPrefaceAnswer,
} from "@verbatim/protocol";
import { Choices } from "../choices.ts";
import { must, mustEqual, type Target } from "../target.ts";

export const preface: Target = {
	name: "preface",
	feeds: "the reader of a preface, and the reader of the answer to it",
	holds: [
		"any bytes in any slices are decided as the same bytes in one piece, and no byte behind the line is lost",
		"undecided, no more is held than the longest line",
		"what is agreed is written and read back as the same; a refusal names a close of the table, in one line of printable ASCII or quoted text",
	],
	bytesMax: 1_400,
	words: ["protocol/src/frame/preface.ts"],
	pieces: [
		"VERBATIM/1 ",
		"codec=json",
		"check=crc32c",
		"frame=newline",
		"\n",
		"\r\n",
		" ok ",
		" error busy ",
		"=",
		"constructor=",
		"a".repeat(260),
	],
	seeds: () =>
		[
			"VERBATIM/1 codec=json check=crc32c\nrest",
			"VERBATIM/1\r\n",
			"VERBATIM/2\n",
			"/nick ann\n",
			"VERBATIM/1 ok codec=proto check=none frame=length\n",
			"VERBATIM/1 error busy words\n",
		].flatMap((line) => [0, 1].map((mode) => Uint8Array.from([mode, 0, ...Buffer.from(line)]))),
	open: () => ({
		feed(input) {
			const choices = new Choices(input);
			const asServer = choices.byte() % 2 === 0;
			const cuts = choices.some(24);
			const stream = choices.rest().slice();
			return asServer ? `server ${readAsServer(stream, cuts)}` : `client ${readAsClient(stream, cuts)}`;
		},
	}),
};

function readAsServer(stream: Uint8Array, cuts: Uint8Array): string {
	const whole = decided([stream], stream);
	mustEqual(decided(new Choices(cuts).slices(stream), stream), whole, "sliced, a preface is decided in another way");
	if (whole.kind === "framed") {
		agreed(whole.preface);
		return `framed ${JSON.stringify(whole.preface)}`;
	}
	if (whole.kind !== "error") return whole.kind;
	must(Object.hasOwn(CLOSES, whole.code), () => `${whole.code} is no close`);
	const answer = renderPrefaceAnswer(whole);
	must(/^[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u.test(answer), () => `an answer is one harmless line: ${JSON.stringify(answer)}`);
	const read = new PrefaceAnswerReader().push(new TextEncoder().encode(answer));
	must(
		read.kind === "refused" && read.code === whole.code,
		() => `the client does not understand ${JSON.stringify(answer)}: ${JSON.stringify(read)}`,
	);
	return `error ${whole.code}`;
}

/** The first event that is none of waiting, with everything that came behind it. */
function decided(chunks: Iterable<Uint8Array>, stream: Uint8Array): PrefaceEvent {
	const reader = new PrefaceReader();
	let pushed = 0;
	for (const chunk of chunks) {
		const event = reader.push(chunk);
		pushed += chunk.length;
		if (event.kind === "more") {
			must(reader.pending.length <= LIMITS.prefaceBytesMax + 2, "undecided, more is held than a line");
			continue;
		}
		if (event.kind === "error") return event;
		const all = Buffer.concat([event.rest, stream.subarray(pushed)]);
		const rest = event.kind === "line" ? stream : stream.subarray(stream.indexOf(0x0a) + 1);
		must(Buffer.compare(all, rest) === 0, "bytes behind the preface were lost or changed");
		return { ...event, rest };
	}
	return { kind: "more" };
}

function agreed(preface: Preface): void {
	mustEqual(parsePreface(renderPreface(preface).trimEnd()), preface, "a preface is not read back as it was");
	const answer = new PrefaceAnswerReader().push(new TextEncoder().encode(renderPrefaceAnswer(preface)));
	mustEqual(answer, { kind: "ok", preface, rest: new Uint8Array(0) }, "an answer is not read back as it was");
	must(prefaceFramer(preface, 100).encode(new TextEncoder().encode("{}")).length > 2, "what is agreed has no framer");
}

function readAsClient(stream: Uint8Array, cuts: Uint8Array): string {
	const read = (chunks: Iterable<Uint8Array>) => {
		const reader = new PrefaceAnswerReader();
		for (const chunk of chunks) {
			const event = reader.push(chunk);
			// What comes behind the line depends on where it was cut.
			if (event.kind !== "more") return event.kind === "ok" ? { kind: event.kind, preface: event.preface } : event;
		}
		return { kind: "more" as const };
	};
	const whole = read([stream]);
	mustEqual(read(new Choices(cuts).slices(stream)), whole, "sliced, an answer is read in another way");
	if (whole.kind === "ok") agreed(whole.preface);
	if (whole.kind !== "refused") return whole.kind;
	must(whole.code === undefined || Object.hasOwn(CLOSES, whole.code), () => `${whole.code} is no close`);
	return `refused ${whole.code === undefined ? "unknown" : isErrorCode(whole.code)}`;
}
