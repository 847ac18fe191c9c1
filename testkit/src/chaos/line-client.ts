// A line-mode client, as a user with `nc`: sends one line after the other and records what is shown. Nothing is retried: a line that
// is not echoed before the connection ends has an unknown outcome for good. Line mode has no cids; each text is unique, so the text is
// the cid (`lineCid`).
import { RawPeer } from "../e2e/raw-peer.ts";
import { Journal, type JournalLine, readJournal } from "./journal.ts";

export interface LineClientOptions {
	readonly name: string;
	readonly incarnation: number;
	readonly user: string;
	readonly password: string;
	readonly port: number;
	readonly folder: string;
	/** The channel. */
	readonly room: string;
	readonly linesPerSecond: number;
}

/** The cid of a line in a history, in place of the one that the server made for it. */
export function lineCid(text: string): string {
	return `line ${text}`;
}

/** Reconnects after this long without an answer. */
const ANSWER_TIMEOUT_MS = 5_000;
const RETRY_MS = 300;
/** Errors after which the line may be in the log all the same. */
const UNKNOWN_OUTCOME_CODES: ReadonlySet<string> = new Set(["timeout", "internal", "unavailable"]);

export class LineClient {
	private readonly options: LineClientOptions;
	private readonly journal: Journal;
	private peer: RawPeer | undefined;
	private sending = true;
	private closing = false;
	private attempts = 0;
	private sentCount = 0;
	private busy = true;
	/** The unfinished last line. */
	private rest = "";
	/** Messages received before the join's answer; undefined afterwards. */
	private beforeJoin: ShownLine[] | undefined = [];
	private wake: (() => void) | undefined;
	/** Set while `line` waits. */
	private onLine: ((line: string) => void) | undefined;

	constructor(options: LineClientOptions) {
		this.options = options;
		this.journal = new Journal(options.folder, options.incarnation);
		this.closeOpenOperations(readJournal(options.folder));
		void this.run();
	}

	stopSending(): void {
		this.sending = false;
	}

	pending(): string {
		return this.busy ? "it is not in the room, or waits for its line" : "";
	}

	async close(): Promise<void> {
		this.closing = true;
		this.peer?.close();
	}

	/** Records an end for operations that earlier incarnations left open. */
	private closeOpenOperations(past: readonly JournalLine[]): void {
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

	private async run(): Promise<void> {
		const { name, incarnation, linesPerSecond } = this.options;
		while (!this.closing) {
			const session = `${name}#${incarnation}.${++this.attempts}`;
			this.busy = true;
			if (await this.join(session)) {
				while (!this.closing && this.sending) {
					const text = `${name}-${incarnation}-${++this.sentCount}`;
					if (!(await this.send(session, text))) break;
					await Bun.sleep(1_000 / linesPerSecond);
				}
				this.busy = this.sending;
				while (!this.closing && !this.sending && this.peer?.ended === false) await this.waitForChange();
			}
			if (this.closing) return;
			this.peer?.close();
			this.journal.add({ kind: "ended", reading: session });
			await Bun.sleep(RETRY_MS);
		}
	}

	/** False if the room was not joined: the connection is dropped then. */
	private async join(session: string): Promise<boolean> {
		const { user, password, room, port } = this.options;
		try {
			this.peer = await RawPeer.open(port);
		} catch {
			return false;
		}
		this.rest = "";
		this.beforeJoin = [];
		this.peer.onChange = () => this.onData(session);
		this.peer.write(`/login ${user} ${password}\n/join ${room}\n`);
		return (await this.line((line) => line.startsWith(`- you are in #${room},`) || line.startsWith("! ")))?.[0] === "-";
	}

	/** False if no answer came: the connection is dropped then. */
	private async send(session: string, text: string): Promise<boolean> {
		const { user, room } = this.options;
		const cid = lineCid(text);
		this.journal.add({ kind: "invoke", session, user, room, cid, text });
		this.peer?.write(`${text}\n`);
		const line = await this.line((received) => shown(received, room)?.text === text || received.startsWith("! "));
		const seq = line === undefined ? undefined : shown(line, room)?.seq;
		const code = line?.split(" ")[1] ?? "";
		if (seq !== undefined) this.journal.add({ kind: "ok", session, cid, room, epoch: 0, seq });
		else if (line === undefined || UNKNOWN_OUTCOME_CODES.has(code)) this.journal.add({ kind: "unknown", session, cid });
		else this.journal.add({ kind: "fail", session, cid, code });
		return line !== undefined;
	}

	// ------------------------------------------------------------ receiving

	private onData(session: string): void {
		this.wake?.();
		const { peer } = this;
		if (peer === undefined) return;
		const lines = (this.rest + peer.takeAll().toString("latin1")).split("\n");
		this.rest = lines.pop() ?? "";
		for (const line of lines) {
			const message = shown(line, this.options.room);
			if (message !== undefined && this.beforeJoin !== undefined) this.beforeJoin.push(message);
			else if (message !== undefined) this.journal.add({ kind: "shown", reading: session, ...message });
			if (line.startsWith(`- you are in #${this.options.room},`)) this.onJoined(session);
			const [, from, to] = /^- #\S+: (\d+) to (\d+) are not shown here$/.exec(line) ?? [];
			if (from !== undefined && this.beforeJoin !== undefined) this.beforeJoin = [];
			else if (from !== undefined) this.journal.add({ kind: "notShown", reading: session, from: Number(from), to: Number(to) });
			this.onLine?.(line);
		}
	}

	/** A member receives live messages from the log-in on, then the page of the join. The reading begins with that page. */
	private onJoined(session: string): void {
		const lines = this.beforeJoin ?? [];
		const page = lines.findLastIndex(({ seq }, i) => seq <= (lines[i - 1]?.seq ?? 0));
		for (const message of lines.slice(Math.max(0, page))) this.journal.add({ kind: "shown", reading: session, ...message });
		this.beforeJoin = undefined;
	}

	/** The next line that fits; undefined on the connection's end or a timeout. */
	private async line(fits: (line: string) => boolean): Promise<string | undefined> {
		let found: string | undefined;
		this.onLine = (line) => {
			if (found === undefined && fits(line)) found = line;
		};
		const endMs = performance.now() + ANSWER_TIMEOUT_MS;
		while (found === undefined && this.peer?.ended === false && performance.now() < endMs) await this.waitForChange();
		this.onLine = undefined;
		return found;
	}

	private waitForChange(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, RETRY_MS);
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
	const [, roomName, seq, name, text] = /^#(\S+) (\d+) <([^>]+)> (.*)$/.exec(line) ?? [];
	if (roomName !== room || name === undefined || text === undefined) return undefined;
	return { seq: Number(seq), name, text };
}
