// `verbatim tail`: prints a room's entries, each once and in order, until interrupted. The SDK reconnects and resumes; the state of the
// connection goes to the standard error output, so that a pipe has entries only.
import { EpochError, type Room, type Status } from "@verbatim/client";
import type { Entry } from "@verbatim/protocol";
import { lineOf, renderEntry } from "@verbatim/server";
import type { Arguments } from "../args.ts";
import type { CliCommand } from "../command.ts";
import { CommandError, EXIT } from "../exit.ts";
import { commandErrorOf } from "./command-errors.ts";
import { CONNECTION_OPTIONS, connectFrom } from "./connection.ts";
import { reach, WAIT_OPTION } from "./reach.ts";
import { ROOM_NOTE, roomOf } from "./room.ts";

const LAST_DEFAULT = 10;
const ANSWER_MS = 15_000;

export const tail: CliCommand = {
	name: "tail",
	summary: "Prints a room as it goes on: every entry once, in order, across lost connections and restarts of the server.",
	usage: "verbatim tail ROOM [OPTIONS]",
	about: `${ROOM_NOTE} Who is no member yet joins. Ctrl+C ends it.`,
	options: [
		...CONNECTION_OPTIONS,
		WAIT_OPTION,
		{ name: "after", takes: "SEQ", about: "Begin after this entry; 0: from the first." },
		{ name: "last", takes: "N", short: "n", about: `Begin with the newest N entries. Default: ${LAST_DEFAULT}.` },
		{ name: "json", about: "One JSON object a line: room, seq, atMs, sender, cid, kind, and what the kind has." },
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
		// The reader of the pipe has closed it, as `| head` does.
		process.stdout.once("error", interrupt);
		try {
			await reach(connection, args, "", interrupted.signal);
			const room = await client.join(roomOf(ref), { history: 0, timeoutMs: ANSWER_MS, signal: interrupted.signal });
			client.on("status", statusPrinter());
			const show = args.options.get("json") === "true" ? asJson : (entry: Entry) => lineOf(renderEntry(entry, room.title));
			await follow(room, after ?? Math.max(0, room.head - last), interrupted.signal, (entry) => {
				process.stdout.write(show(entry, room));
			});
			return EXIT.ok;
		} catch (error) {
			if (interrupted.signal.aborted) return EXIT.ok;
			throw commandErrorOf(error, connection, "reading");
		} finally {
			await client.close();
			process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
		}
	},
};

/** Prints until the signal, or until the user is no longer a member. */
async function follow(room: Room, after: number, signal: AbortSignal, print: (entry: Entry) => void): Promise<void> {
	let from = after;
	while (!signal.aborted) {
		try {
			for await (const entry of room.entries({ after: from, signal })) print(entry);
			if (!signal.aborted) console.error(`- you are no longer in ${room.title}`);
			return;
		} catch (error) {
			if (!(error instanceof EpochError)) throw error;
			console.error(`- the server was put back to an older state; going on after ${error.head}`);
			from = error.head;
		}
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

function asJson(entry: Entry, room: Room): string {
	const { seq, atMs, sender, cid, body } = entry;
	const facts = body.case === undefined ? {} : plain(body.value);
	const who = sender && { id: sender.id, name: sender.name };
	return `${JSON.stringify({ room: room.title, seq, atMs, sender: who, cid, kind: body.case ?? "unknown", ...facts })}\n`;
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
