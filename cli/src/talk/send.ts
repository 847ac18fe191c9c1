// `verbatim send`, for scripts. A line whose seq is printed is durable; otherwise the exit code says whether a retry may succeed.
import { createInterface } from "node:readline";
import type { Delivery, Room } from "@verbatim/client";
import { secondsOf } from "../args.ts";
import type { CliCommand } from "../command.ts";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import { printLine } from "../output.ts";
import { type CommandPhase, commandErrorOf } from "./command-errors.ts";
import { CONNECTION_OPTIONS, connectFrom } from "./connection.ts";
import { reach, WAIT_OPTION } from "./reach.ts";
import { ROOM_NOTE, roomOf } from "./room.ts";

const SECONDS_DEFAULT = 15;
/** Unacknowledged lines at once; backpressure on the input beyond. */
const LINES_MAX = 64;

export const send: CliCommand = {
	name: "send",
	summary: "Says something in a room, waits until it is durable, and prints its place in the room.",
	usage: "verbatim send ROOM [TEXT] [OPTIONS]",
	about: [
		`${ROOM_NOTE} Without TEXT each line of the standard input is said, in order; empty ones are left out.`,
		"A send whose acknowledgement is lost is repeated by itself and stored once.",
	].join("\n"),
	options: [
		...CONNECTION_OPTIONS,
		WAIT_OPTION,
		{ name: "timeout", takes: "SECONDS", about: `Give up after this long without an answer. Default: ${SECONDS_DEFAULT}.` },
		{ name: "create", about: "Make the channel if it is not there; --no-create does not. Default: make it." },
		{ name: "json", about: 'Print {"room","seq","text"} instead of "#room seq".' },
	],
	examples: [
		"verbatim send '#tea' 'the build is green' --guest ci",
		"journalctl -f -u backup -o cat | verbatim send '#ops' --user backup",
		"VERBATIM_PASSWORD=… verbatim send @ann 'are you there?' --user bob --server https://chat.example.org",
	],
	async run(args) {
		const [ref, text, ...more] = args.rest;
		if (ref === undefined || more.length > 0) {
			throw new CommandError(
				EXIT.usage,
				"verbatim send ROOM [TEXT]: one room, and the text as one argument, both in quotes (for a shell, # begins a comment)",
			);
		}
		if (text === "") throw new CommandError(EXIT.usage, "verbatim send: the text is empty; there is nothing to say");
		const timeoutMs = secondsOf(args, "timeout", SECONDS_DEFAULT, 0.001) * 1_000;
		const connection = await connectFrom(args);
		const { client } = connection;
		let phase: CommandPhase = "before";
		try {
			await reach(connection, args, "; nothing was sent");
			const room = await client.join(roomOf(ref), { create: args.options.get("create") !== "false", history: 0, timeoutMs });
			const show = args.options.get("json") === "true" ? asJson : asWords;
			const lines = text === undefined ? createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }) : [text];
			phase = "sending";
			return await sendAll(room, lines, (delivery, seq) => printLine(show(room, delivery, seq)), timeoutMs);
		} catch (error) {
			throw commandErrorOf(error, connection, phase);
		} finally {
			await client.close();
		}
	},
};

/** Sends each line; calls `durable` for each, in order. Rejects with the first failure. */
async function sendAll(
	room: Room,
	lines: AsyncIterable<string> | Iterable<string>,
	durable: (delivery: Delivery, seq: number) => void,
	timeoutMs: number,
): Promise<ExitCode> {
	const underWay: Delivery[] = [];
	const settle = async (): Promise<void> => {
		const delivery = underWay.shift();
		if (delivery) durable(delivery, (await delivery.done).seq);
	};
	for await (const line of lines) {
		if (line === "") continue;
		underWay.push(room.send(line, { timeoutMs }));
		if (underWay.length >= LINES_MAX) await settle();
	}
	while (underWay.length > 0) await settle();
	return EXIT.ok;
}

function asWords(room: Room, _delivery: Delivery, seq: number): string {
	return `${room.title} ${seq}`;
}

function asJson(room: Room, { text }: Delivery, seq: number): string {
	return JSON.stringify({ room: room.title, id: room.id, seq, text });
}
