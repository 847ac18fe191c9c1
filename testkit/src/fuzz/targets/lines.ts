// Line mode without sockets: bytes to lines, lines to commands, and messages of the server to lines.

import {
	type Entry,
	EntrySchema,
	FailureSchema,
	isErrorCode,
	LIMITS,
	MemberListSchema,
	PageSchema,
	RoomSchema,
} from "@verbatim/protocol";
import {
	KnownRooms,
	type LineEvent,
	LineReader,
	labelOf,
	lineOf,
	parseLine,
	renderEntry,
	renderFailure,
	renderMembers,
	renderNotice,
	renderRooms,
} from "@verbatim/server/testing";
import { Choices } from "../choices.ts";
import { generateDown, generateMessage } from "../generate-message.ts";
import { must, mustEqual, type Target } from "../target.ts";
import { mustBeTerminalSafe } from "../terminal-safe.ts";

const BYTES_MAX = 40;
const HISTORY_MAX = 200;

export const lines: Target = {
	name: "lines",
	feeds: "line mode's reader, parser and renderer",
	holds: [
		"any bytes in any slices give the lines of the same bytes in one piece; a line is longer than the limit for nobody; not UTF-8 is said, not mended",
		"any line is a command with what belongs to it, or a refusal with a code of the table",
		"what goes out is one line of UTF-8 without controls, escapes, line separators or changes of direction, at most six times as long as what it tells",
	],
	bytesMax: 2_048,
	words: ["server/src/listen/line/"],
	pieces: [
		"\r\n",
		"\r\0",
		"\n",
		"/",
		"//",
		"\xff\xfb\x01",
		"\u00ff\u00fa",
		Uint8Array.of(0xff, 0xfa, 1, 0xff, 0xf0),
		"/msg @ann hello",
		"/history 20",
		"\u001b[31m",
		"\u202e",
	],
	seeds: () =>
		["/nick ann\n/join tea\nhello\r\n", "/register ann pass word\n/history 5\r\0", "é\n\xff\xfd\x01x\n", "/msg ann //x"].map(
			(text) => Uint8Array.from([0, 0, ...Buffer.from(text)]),
		),
	open: () => ({
		feed(input) {
			const choices = new Choices(input);
			return choices.byte() % 3 === 2 ? `out ${told(choices)}` : `in ${receivedCodes(choices)}`;
		},
	}),
};

// ------------------------------------------------------------ in

function receivedCodes(choices: Choices): string {
	const cuts = choices.some(24);
	const stream = choices.rest().slice();
	const whole = read([stream]);
	mustEqual(read(new Choices(cuts).slices(stream)), whole, "sliced, a stream gives other lines than whole");
	let kind = "nothing";
	for (const event of whole) {
		if (event.kind === "wrong") {
			must(isErrorCode(event.code), () => `${event.code} is no code of the table`);
			mustBeTerminalSafe(event.message, "a refusal");
			kind = event.code;
		} else kind = parsed(event.text);
	}
	return kind;
}

function read(chunks: Iterable<Uint8Array>): LineEvent[] {
	const reader = new LineReader(BYTES_MAX);
	const events: LineEvent[] = [];
	const take = (): void => {
		for (let event = reader.next(); event !== undefined; event = reader.next()) {
			events.push(event);
			if (event.kind === "line") must(Buffer.byteLength(event.text) <= BYTES_MAX, "a line beyond the limit");
		}
	};
	for (const chunk of chunks) {
		reader.push(chunk);
		take();
		must(reader.bytes <= BYTES_MAX + 1, "without a line in sight more is held than a line");
	}
	reader.finish();
	take();
	must(reader.bytes === 0, "behind the end something waits");
	return events;
}

function parsed(line: string): string {
	const command = parseLine(line, HISTORY_MAX);
	switch (command.kind) {
		case "say":
			must(command.text !== "" && line.endsWith(command.text), "what is said is not what was typed");
			must(line === command.text || line === `/${command.text}`, "a line that was said lost more than a /");
			break;
		case "msg":
			must(command.name !== "" && command.text !== "" && line.endsWith(command.text), "a message without its text");
			break;
		case "nick":
		case "login":
		case "register":
			must(command.name !== "" && !(command.kind !== "nick" && command.name.includes(" ")), "a name that is none");
			break;
		case "join":
			must(/^[#@]/.test(command.room), "a room that is not named as on the wire");
			break;
		case "leave":
		case "who":
			must(command.room === undefined || /^[#@]/.test(command.room), "a room that is not named as on the wire");
			break;
		case "history":
			must(command.count >= 1 && command.count <= HISTORY_MAX, "a history of no or too many entries");
			break;
		case "wrong":
			must(isErrorCode(command.code), () => `${command.code} is no code of the table`);
			must(isOneLine(lineOf(command.message)), "a refusal is more than one line");
			break;
		default:
			break;
	}
	return command.kind;
}

// ------------------------------------------------------------ out

function told(choices: Choices): string {
	const raw: string[] = [];
	const kind = choices.below(5);
	if (kind === 0) raw.push(choices.text(200));
	else if (kind === 1) raw.push(...throughTheBook(choices));
	else if (kind === 2)
		raw.push(...renderRooms(Array.from({ length: 1 + choices.below(4) }, () => generateMessage(RoomSchema, choices))));
	else if (kind === 3) {
		raw.push(
			...renderMembers(generateMessage(MemberListSchema, choices), choices.text()),
			renderFailure(generateMessage(FailureSchema, choices)),
		);
	} else raw.push(renderNotice(generateDown(choices).body) ?? "");
	for (const text of raw) {
		const line = lineOf(text);
		must(isOneLine(line), () => `what goes out is no line: ${JSON.stringify(line)}`);
		mustBeTerminalSafe(line.slice(0, -1), "what goes out");
		must(line.length <= text.length * 6 + 1, "a line is more than six times as long as what it tells");
		// The output is valid UTF-8.
		mustEqual(Buffer.from(line).toString(), line, "what goes out is no UTF-8");
	}
	return `${kind} ${Math.min(5, raw.length)}`;
}

/** Renders rooms, entries and pages for line mode; nothing is shown twice. */
function throughTheBook(choices: Choices): string[] {
	const rooms = new KnownRooms();
	const raw: string[] = [];
	const room = generateMessage(RoomSchema, choices);
	rooms.learn(room);
	const entries: Entry[] = Array.from({ length: 1 + choices.below(6) }, () => generateMessage(EntrySchema, choices));
	entries.forEach((entry, i) => {
		entry.seq = room.head + 1 + i;
		raw.push(renderEntry(entry, labelOf(room)));
	});
	const shown = rooms.show(room.id, entries);
	must(shown.length === entries.length, "an entry is not shown");
	must(rooms.show(room.id, entries).length === 0, "an entry is shown twice");
	raw.push(
		...shown,
		...rooms.showPage(generateMessage(PageSchema, choices)),
		...rooms.showNewest(generateMessage(PageSchema, choices)),
	);
	must(raw.length < LIMITS.historyEntriesMax, "more lines than entries");
	return raw;
}

function isOneLine(line: string): boolean {
	return line.endsWith("\n") && line.indexOf("\n") === line.length - 1;
}
