// The TCP listener in line mode: two users in one room, telnet, and streams that are neither line mode nor framed. All output is checked
// against the rules for terminals.
import { LIMITS } from "@verbatim/protocol";
import { RawPeer } from "../../e2e/raw-peer.ts";
import { Waiting } from "../../e2e/waiting.ts";
import { Choices } from "../choices.ts";
import { type ServerFixture, ServerFixtures, WITNESS_ROOM } from "../server-fixture.ts";
import { must, PropertyViolation, type Target } from "../target.ts";
import { mustBeTerminalSafe } from "../terminal-safe.ts";

const PATIENCE_MS = 8_000;
/** Longest line: a text of full length, each byte escaped to six, and the rest of the line. */
const LINE_BYTES_MAX = LIMITS.textBytesMax * 6 + 1_024;

export const people: Target = {
	name: "people",
	feeds: "a whole server by its TCP listener: two people in line mode, telnet's commands, and any bytes",
	holds: [
		"whatever is said, each line that goes out begins as docs/protocol.md says, holds nothing that acts on a terminal, and is bounded",
		"a peer that says nothing more is told all that is due to it, and its connection is closed",
		"the server logs no error; a witness in the same room can go on speaking; connections that are gone are held by nobody",
	],
	bytesMax: 900,
	words: ["server/src/listen/line/", "protocol/src/name/"],
	pieces: [
		...[
			"/nick ann\n",
			"/join tea\n",
			"/join den\n",
			"/msg ann ",
			"/msg witness hello\n",
			"/register ann correct horse\n",
			"/login ann correct horse\n",
		],
		...[
			"/leave\n",
			"/who\n",
			"/history 200\n",
			"/rooms\n",
			"/quit\n",
			"\r\n",
			"\r\0",
			"\u001b[2J",
			"\u009b",
			"\u202e",
			"\u2028",
			"GET / HTTP/1.1\r\n",
			"VERBATIM/1 codec=json\n",
		],
		Uint8Array.of(0xff, 0xfb, 0x01),
		Uint8Array.of(0xff, 0xfa, 0x18, 0x01, 0xff, 0xf0),
	],
	seeds: () =>
		[
			"/nick ann\n/join tea\nhello\n/who\n/history 5\n/rooms\n/leave\n",
			"/register bob correct horse\n/join den\n/msg ann hi\n/nick eve\nwhat\n/quit\n",
			"/nick a\n/join tea\n\u001b]0;x\u0007 \u202e \u2028\n//x\n/history\n",
		].map((text) => Uint8Array.from([0, 0, ...Buffer.from(text)])),
	open: () => {
		const servers = new ServerFixtures();
		return {
			feed: (input) => servers.with("roomy", (server) => run(server, new Choices(input))),
			close: () => servers.close(),
		};
	},
};

async function run(server: ServerFixture, choices: Choices): Promise<string> {
	const alone = choices.byte() % 4 !== 3;
	const cuts = choices.some(12);
	const rest = choices.rest();
	const half = alone ? rest.length : rest.length >> 1;
	const spoken = [rest.slice(0, half), rest.slice(half)].filter((part, i) => i === 0 || part.length > 0);
	const outcomes = await Promise.all(spoken.map((bytes) => speak(server, bytes, new Choices(cuts))));
	return outcomes.flat().join(",");
}

/** Sends all bytes, in slices, and half-closes; returns the kinds of lines received. */
async function speak({ tcpPort }: ServerFixture, bytes: Uint8Array, cuts: Choices): Promise<string[]> {
	const peer = await RawPeer.open(tcpPort);
	const waiting = new Waiting();
	peer.onChange = () => waiting.wake();
	try {
		for (const slice of cuts.slices(bytes)) {
			peer.write(slice);
			// Separate reads at the server: not joined by the kernel.
			if (cuts.onceIn(3)) await new Promise((resolve) => setImmediate(resolve));
		}
		peer.finish();
		await waiting
			.until(
				() => peer.ended,
				() => "",
				PATIENCE_MS,
			)
			.catch(() => {
				throw new PropertyViolation(`the connection is not closed; heard: ${JSON.stringify(peer.text.slice(-300))}`);
			});
		return receivedCodes(peer.takeAll(), bytes);
	} finally {
		peer.close();
	}
}

function receivedCodes(received: Buffer, said: Uint8Array): string[] {
	const text = received.toString("utf8");
	// A framed client is answered in frames, an HTTP request by HTTP.
	if (/^VERBATIM\/1 (ok|error) /.test(text)) return [text.slice(0, 24)];
	if (text.startsWith("HTTP/1.1 400 ")) return ["http"];
	must(Buffer.compare(Buffer.from(text), received) === 0, "what goes out is no UTF-8");
	if (text === "") return [said.length === 0 ? "nothing" : "silence"];
	must(text.endsWith("\n"), () => `the last line has no end: ${JSON.stringify(text.slice(-100))}`);
	const kinds = new Set<string>();
	for (const line of text.slice(0, -1).split("\n")) {
		must(Buffer.byteLength(line) <= LINE_BYTES_MAX, () => `a line of ${Buffer.byteLength(line)} bytes went out`);
		mustBeTerminalSafe(line, "a line that went out");
		const kind = /^(?:! ([a-z0-9_]+) |(- |\* )|[#@][^ ]+ [0-9]+ <[^ ]+> )/u.exec(line);
		must(kind !== null, () => `a line begins like none: ${JSON.stringify(line.slice(0, 200))}`);
		must(kind[1] !== "internal", () => `the server made a mistake: ${line}`);
		kinds.add(kind[1] ?? kind[2] ?? (line.startsWith(WITNESS_ROOM) ? "said in the room" : "said"));
	}
	return [...kinds];
}
