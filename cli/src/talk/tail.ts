// `verbatim tail`: prints a room's entries, each once and in order, until interrupted. The SDK reconnects and resumes; the state of the
// connection goes to the standard error output, so that a pipe has entries only.
import { EpochError, type Room, type Status } from "@verbatim/client";
import type { Entry } from "@verbatim/protocol";
import { lineOf, renderEntry } from "@verbatim/server";
import type { Arguments } from "../args.ts";
import type { CliCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import { outputClosed, print } from "../output.ts";
import { commandErrorOf } from "./command-errors.ts";
import { CONNECTION_OPTIONS, connectFrom } from "./connection.ts";
import { Printed } from "./printed.ts";
import { reach, WAIT_OPTION } from "./reach.ts";
import { ROOM_NOTE, roomOf } from "./room.ts";

const LAST_DEFAULT = 10;
const ANSWER_MS = 15_000;
/** Entries before the first printed one that are read, so that a restore from a backup not much older than the tail is recognized. */
const READ_BEFORE = 200;
/** Entries that a person gets of a log of which nothing is recognized. */
const PERSON_LAST = 20;

export const tail: CliCommand = {
	name: "tail",
	summary: "Prints a room as it goes on: every entry once, in order, across lost connections and restarts of the server.",
	usage: "verbatim tail ROOM [OPTIONS]",
	about: [
		`${ROOM_NOTE} Who is no member yet joins. Ctrl+C ends it.`,
		"After a restore of the server from a backup it says so on the standard error output, and goes on after the last entry that the restored",
		"log has in common with what was read: a seq may come again, with another entry and, with --json, another epoch. The later epoch counts.",
		`If nothing that it remembers is there, the log is printed from its beginning; on a terminal the newest ${PERSON_LAST}.`,
	].join("\n"),
	options: [
		...CONNECTION_OPTIONS,
		WAIT_OPTION,
		{ name: "after", takes: "SEQ", about: "Begin after this entry; 0: from the first." },
		{ name: "last", takes: "N", short: "n", about: `Begin with the newest N entries. Default: ${LAST_DEFAULT}.` },
		{ name: "json", about: "One JSON object a line: room, epoch, seq, atMs, sender, cid, kind, and what the kind has." },
	],
	examples: [
		"verbatim tail '#tea'",
		"verbatim tail '#tea' --after 0 --json > tea.ndjson",
		"verbatim tail '#ops' -n 0 | grep -i error",
	],
	async run(args) {
		const [ref, ...more] = args.rest;
		if (ref === undefined || more.length > 0) throw new CommandError(EXIT.usage, "verbatim tail ROOM: one room");
		const after = numberOf(args, "after");
		const last = numberOf(args, "last") ?? LAST_DEFAULT;
		const connection = await connectFrom(args);
		const { client } = connection;
		const interrupted = new AbortController();
		const interrupt = (): void => interrupted.abort();
		// `on`, not `once`: npm forwards a signal that the terminal has also sent to this process.
		process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
		// The reader of the pipe has closed it, as `| head` does, or a write has failed.
		outputClosed.addEventListener("abort", interrupt, { once: true });
		try {
			await reach(connection, args, "", interrupted.signal);
			const room = await client.join(roomOf(ref), { history: 0, timeoutMs: ANSWER_MS, signal: interrupted.signal });
			client.on("status", statusPrinter());
			const show = args.options.get("json") === "true" ? asJson : (entry: Entry) => lineOf(renderEntry(entry, room.title));
			await follow(room, after ?? Math.max(0, room.head - last), interrupted.signal, (entry, epoch) =>
				print(show(entry, room, epoch)),
			);
			return EXIT.ok;
		} catch (error) {
			if (interrupted.signal.aborted) return EXIT.ok;
			throw commandErrorOf(error, connection, "reading");
		} finally {
			await client.close();
			process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
			outputClosed.removeEventListener("abort", interrupt);
		}
	},
};

/** Shows entries until the signal, or until the user is no longer a member. */
async function follow(
	room: Room,
	after: number,
	signal: AbortSignal,
	show: (entry: Entry, epoch: number) => void,
): Promise<void> {
	const printed = new Printed();
	let from = Math.max(0, after - READ_BEFORE);
	let isRestored = false;
	/** Ends with true if the log has nothing of `printed`. */
	const read = async (): Promise<boolean> => {
		const { epoch } = room;
		for await (const entry of room.entries({ after: from, signal })) {
			if (printed.has(entry)) continue;
			if (isRestored && entry.seq === printed.oldest && entry.seq > 1) return true;
			if (entry.seq <= printed.newest) console.error(`- what was read from ${entry.seq} on is no longer in ${room.title}`);
			printed.add(entry);
			if (isRestored || entry.seq > after) show(entry, epoch);
		}
		return false;
	};
	while (!signal.aborted) {
		let isOther: boolean;
		try {
			isOther = await read();
			if (!isOther) {
				if (!signal.aborted) console.error(`- you are no longer in ${room.title}`);
				return;
			}
		} catch (error) {
			if (!(error instanceof EpochError)) throw error;
			console.error("- the server was restored from a backup; going on where the log differs from what was read");
			if (printed.oldest === undefined) continue;
			isRestored = true;
			isOther = error.head < printed.oldest;
			from = printed.oldest - 1;
		}
		if (!isOther) continue;
		printed.clear();
		from = process.stdout.isTTY ? Math.max(0, room.head - PERSON_LAST) : 0;
		const what = from === 0 ? "from the beginning" : `the newest ${PERSON_LAST} (--after 0: from the beginning)`;
		console.error(`- nothing of what was read is in the log now; printed anew, ${what}`);
	}
}

/** Prints when the connection is lost and when it is back. */
function statusPrinter(): (status: Status) => void {
	let lost = false;
	return (status) => {
		if (status.state === "waiting" && !lost) {
			lost = true;
			console.error(`- ${status.why.message}; trying again`);
		} else if (status.state === "live" && lost) {
			lost = false;
			console.error("- connected again");
		}
	};
}

function asJson(entry: Entry, room: Room, epoch: number): string {
	const { seq, atMs, sender, cid, body } = entry;
	const facts = body.case === undefined ? {} : plain(body.value);
	const who = sender && { id: sender.id, name: sender.name };
	return `${JSON.stringify({ room: room.title, epoch, seq, atMs, sender: who, cid, kind: body.case ?? "unknown", ...facts })}\n`;
}

/** A message of the schema without `$typeName`. */
function plain(value: object): object {
	return JSON.parse(JSON.stringify(value, (key, item: unknown) => (key === "$typeName" ? undefined : item)));
}

function numberOf({ options }: Arguments, name: string): number | undefined {
	const written = options.get(name);
	if (written === undefined) return undefined;
	if (!/^\d{1,10}$/.test(written)) throw new CommandError(EXIT.usage, `--${name} ${written}: it takes a whole number, 0 or more`);
	return Number(written);
}
