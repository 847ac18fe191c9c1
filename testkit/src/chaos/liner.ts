// A person with `nc` who types one line after the other, and looks. Nothing is repeated for such a person: a line that does not come
// back before the connection ends is unknown and stays so. Line mode has no ids of sends: a line is its own (`lineCid`), because
// nobody says the same twice here.
import { RawPeer } from "../e2e/raw-peer.ts";
import { Journal, type JournalLine, readJournal } from "./journal.ts";

export interface LinerOptions {
	readonly name: string;
	readonly life: number;
	readonly user: string;
	readonly password: string;
	readonly port: number;
	readonly folder: string;
	/** The channel. */
	readonly room: string;
	readonly linesPerSecond: number;
}

/** What the entry of a line is known by in a history, in place of the id that the server made for it. */
export function lineCid(text: string): string {
	return `line ${text}`;
}

/** Whoever sees nothing for so long begins anew. Longer than any answer takes; a stalled line is left sooner or later. */
const PATIENCE_MS = 5_000;
const AGAIN_MS = 300;
/** Refusals after which the line may be in the log all the same: without an id nobody can ask. */
const OPEN_CODES: ReadonlySet<string> = new Set(["timeout", "internal", "unavailable"]);

export class Liner {
	private readonly options: LinerOptions;
	private readonly journal: Journal;
	private peer: RawPeer | undefined;
	private talking = true;
	private ending = false;
	private arrivals = 0;
	private said = 0;
	private waitingNow = true;
	/** Up to here what was received has been looked at. */
	private rest = "";
	/** What was shown before it was in the room; undefined afterwards. */
	private arriving: ShownLine[] | undefined = [];
	private wake: (() => void) | undefined;
	/** What the present wait is for: told of each line. */
	private hearing: ((line: string) => void) | undefined;

	constructor(options: LinerOptions) {
		this.options = options;
		this.journal = new Journal(options.folder, options.life);
		this.bury(readJournal(options.folder));
		void this.live();
	}

	hush(): void {
		this.talking = false;
	}

	waitsFor(): string {
		return this.waitingNow ? "it is not in the room, or waits for its line" : "";
	}

	async close(): Promise<void> {
		this.ending = true;
		this.peer?.close();
	}

	/** What earlier lives left open comes to nothing any more. */
	private bury(past: readonly JournalLine[]): void {
		const lines = new Set<string>();
		const readings = new Set<string>();
		for (const line of past) {
			if (line.kind === "invoke") lines.add(line.cid);
			else if (line.kind === "ok" || line.kind === "fail" || line.kind === "unknown") lines.delete(line.cid);
			else if (line.kind === "shown") readings.add(line.reading);
			else if (line.kind === "ended") readings.delete(line.reading);
		}
		for (const cid of lines) this.journal.add({ kind: "unknown", session: this.options.name, cid });
		for (const reading of readings) this.journal.add({ kind: "ended", reading });
	}

	private async live(): Promise<void> {
		const { name, life, linesPerSecond } = this.options;
		while (!this.ending) {
			const session = `${name}#${life}.${++this.arrivals}`;
			this.waitingNow = true;
			if (await this.arrive(session)) {
				while (!this.ending && this.talking) {
					const text = `${name}-${life}-${++this.said}`;
					if (!(await this.say(session, text))) break;
					await Bun.sleep(1_000 / linesPerSecond);
				}
				this.waitingNow = this.talking;
				while (!this.ending && !this.talking && this.peer?.ended === false) await this.change();
			}
			if (this.ending) return;
			this.peer?.close();
			this.journal.add({ kind: "ended", reading: session });
			await Bun.sleep(AGAIN_MS);
		}
	}

	/** In the room, or not: then the connection is of no use. */
	private async arrive(session: string): Promise<boolean> {
		const { user, password, room, port } = this.options;
		try {
			this.peer = await RawPeer.open(port);
		} catch {
			return false;
		}
		this.rest = "";
		this.arriving = [];
		this.peer.onChange = () => this.look(session);
		this.peer.write(`/login ${user} ${password}\n/join ${room}\n`);
		return (await this.line((line) => line.startsWith(`- you are in #${room},`) || line.startsWith("! ")))?.[0] === "-";
	}

	/** Is the connection of use afterwards? */
	private async say(session: string, text: string): Promise<boolean> {
		const { user, room } = this.options;
		const cid = lineCid(text);
		this.journal.add({ kind: "invoke", session, user, room, cid, text });
		this.peer?.write(`${text}\n`);
		const line = await this.line((heard) => shown(heard, room)?.text === text || heard.startsWith("! "));
		const seq = line === undefined ? undefined : shown(line, room)?.seq;
		const code = line?.split(" ")[1] ?? "";
		if (seq !== undefined) this.journal.add({ kind: "ok", session, cid, room, epoch: 0, seq });
		else if (line === undefined || OPEN_CODES.has(code)) this.journal.add({ kind: "unknown", session, cid });
		else this.journal.add({ kind: "fail", session, cid, code });
		return line !== undefined;
	}

	// ------------------------------------------------------------ what comes

	private look(session: string): void {
		this.wake?.();
		const { peer } = this;
		if (peer === undefined) return;
		const lines = (this.rest + peer.takeAll().toString("latin1")).split("\n");
		this.rest = lines.pop() ?? "";
		for (const line of lines) {
			const message = shown(line, this.options.room);
			if (message !== undefined && this.arriving !== undefined) this.arriving.push(message);
			else if (message !== undefined) this.journal.add({ kind: "shown", reading: session, ...message });
			if (line.startsWith(`- you are in #${this.options.room},`)) this.arrived(session);
			const [, from, to] = /^- #\S+: (\d+) to (\d+) are not shown here$/.exec(line) ?? [];
			if (from !== undefined && this.arriving !== undefined) this.arriving = [];
			else if (from !== undefined) this.journal.add({ kind: "unshown", reading: session, from: Number(from), to: Number(to) });
			this.hearing?.(line);
		}
	}

	/** Whoever is a member already sees what is said from the log-in on; then the page that was asked for, and its reading begins. */
	private arrived(session: string): void {
		const lines = this.arriving ?? [];
		const page = lines.findLastIndex(({ seq }, i) => seq <= (lines[i - 1]?.seq ?? 0));
		for (const message of lines.slice(Math.max(0, page))) this.journal.add({ kind: "shown", reading: session, ...message });
		this.arriving = undefined;
	}

	/** The next line that fits; undefined when the connection ends before, or nothing comes for too long. */
	private async line(fits: (line: string) => boolean): Promise<string | undefined> {
		let found: string | undefined;
		this.hearing = (line) => {
			if (found === undefined && fits(line)) found = line;
		};
		const endMs = performance.now() + PATIENCE_MS;
		while (found === undefined && this.peer?.ended === false && performance.now() < endMs) await this.change();
		this.hearing = undefined;
		return found;
	}

	private change(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, AGAIN_MS);
			this.wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}

interface ShownLine {
	readonly seq: number;
	readonly name: string;
	readonly text: string;
}

function shown(line: string, room: string): ShownLine | undefined {
	const [, where, seq, name, text] = /^#(\S+) (\d+) <([^>]+)> (.*)$/.exec(line) ?? [];
	if (where !== room || name === undefined || text === undefined) return undefined;
	return { seq: Number(seq), name, text };
}
