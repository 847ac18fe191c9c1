// A person or a script in line mode. Lines are carried out strictly one after the other: the next waits for the answer, so that
// `printf '/nick ann\n/join tea\nhello\n' | nc …` means what it says. When the peer has said its last line, all are finished
// and what they said has come back before the connection ends.

import { REST_MS_MIN } from "../../admit/refusal-rate.ts";
import type { Cancel } from "../../base/clock.ts";
import { newId } from "../../base/ids.ts";
import type { Rate } from "../../limit/bucket.ts";
import { owedMs, take } from "../../limit/gcra.ts";
import type { DoorParts } from "../connection/parts.ts";
import type { Receiver, TcpConnection } from "../connection/tcp.ts";
import { GREETING } from "./help.ts";
import { parseLine } from "./parse.ts";
import { Person, type Voice } from "./person.ts";
import { type LineEvent, LineReader } from "./reader.ts";
import { lineOf } from "./render.ts";

/** Bytes of lines that wait before no more is read. */
const AHEAD_BYTES = 64 * 1024;
/** Lines in one turn of the event loop: a megabyte of empty lines must not stop the others. */
const LINES_PER_TURN = 64;
/** What was said last is awaited this long after the peer's last line: `nc -q 1` waits as long. */
const ECHO_MS = 1_000;
/** Somebody who has not chosen a name by then is sent away. */
const NAMELESS_MS = 120_000;

/** How a browser begins that was sent to this port by somebody's page: none of its lines must be obeyed. */
const HTTP_REQUEST = /^[A-Z]{3,16} \S+ HTTP\/1\.[01]$/;
const HTTP_ANSWER =
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is not the HTTP port.\r\n";

const utf8 = new TextEncoder();

/** Opens line mode on a connection. `rest` is what was said already. */
export function openLine(parts: DoorParts, connection: TcpConnection, rest: Uint8Array): void {
	const peer = new LinePeer(parts, connection);
	connection.receiver = peer;
	peer.begin(rest);
}

class LinePeer implements Receiver, Voice {
	readonly address: string;
	private readonly parts: DoorParts;
	private readonly connection: TcpConnection;
	private readonly reader: LineReader;
	private readonly person: Person;
	private out = "";
	private greeted = false;
	private first = true;
	private working = false;
	/** Something came while work was going on. */
	private again = false;
	private peerEnded = false;
	private wake: (() => void) | undefined;
	private rested: (() => void) | undefined;
	/** Of the bucket of lines that are refused here, before any session (limit/gcra.ts). */
	private refusalsFullAtMs = 0;
	/** Lines that were refused before a name was chosen. */
	private refusedNameless = 0;
	private readonly cancelNameless: Cancel;
	private cancelIdle: Cancel;
	private heardAtMs: number;
	private readonly beganMs: number;
	private endsAs: "gone" | "late" | "unauthorized" | "draining" = "gone";
	private bytesIn = 0;
	private bytesOut = 0;
	private lines = 0;

	constructor(parts: DoorParts, connection: TcpConnection) {
		this.parts = parts;
		this.connection = connection;
		this.address = connection.address;
		this.reader = new LineReader(parts.limits.lineBytesMax);
		this.person = new Person(parts, this);
		this.cancelNameless = parts.clock.after(NAMELESS_MS, () => {
			if (!this.person.named) this.dismiss("late", "! unauthenticated no name was chosen; connect again");
		});
		this.heardAtMs = parts.clock.monotonic();
		this.beganMs = this.heardAtMs;
		this.cancelIdle = this.watchIdle(parts.timing.lineIdleMs);
		parts.metrics.connections.of("line").add(1);
	}

	begin(rest: Uint8Array): void {
		if (rest.length > 0) this.data(rest);
		else this.greet();
	}

	// ------------------------------------------------------------ from the connection

	ready(): void {}

	data(chunk: Uint8Array): void {
		this.heardAtMs = this.parts.clock.monotonic();
		this.bytesIn += chunk.length;
		this.reader.push(chunk);
		if (this.reader.bytes > AHEAD_BYTES) this.connection.pause("lines", true);
		// Negotiations of a telnet, and no line yet.
		if (this.reader.bytes === 0) this.greet();
		this.work();
	}

	ended(): void {
		this.peerEnded = true;
		this.reader.finish();
		this.work();
	}

	drained(): void {
		this.wake?.();
		this.person.drained();
	}

	stopping(): void {
		if (!this.person.named) this.dismiss("draining", "- the server is about to stop; connect again");
	}

	readOn(): void {
		if (!this.connection.isPausedBy("session")) this.rested?.();
	}

	lost(): void {
		this.cancelNameless();
		this.cancelIdle();
		this.parts.metrics.connections.of("line").add(-1);
		if (!this.person.named) this.logEnd();
		this.person.lost();
		this.wake?.();
		this.rested?.();
	}

	// ------------------------------------------------------------ the voice

	bufferedBytes(): number {
		return this.connection.bufferedBytes;
	}

	pauseReading(paused: boolean): boolean {
		this.connection.pause("session", paused);
		return true;
	}

	say(line: string): void {
		this.out += lineOf(line);
	}

	flush(): void {
		if (this.out === "") return;
		const bytes = utf8.encode(this.out);
		this.out = "";
		this.bytesOut += bytes.length;
		this.connection.write([bytes]);
	}

	refused(): void {
		this.charge();
		const { limits, metrics } = this.parts;
		if (this.person.named || ++this.refusedNameless <= limits.unauthenticatedRefusalsMax) return;
		metrics.throttled.add("unauthenticated");
		this.endsAs = "unauthorized";
		this.say("! unauthenticated too much was said before a name was chosen; connect again");
		this.flush();
		this.connection.finish(true);
	}

	private charge(): void {
		this.refusalsFullAtMs = take(this.refusalsFullAtMs, this.parts.clock.monotonic(), this.rate);
	}

	hangUp(): void {
		this.flush();
		this.connection.finish();
	}

	/** Of a connection that nobody was let in on; of others their session tells. */
	private logEnd(): void {
		const { address, endsAs: why, bytesIn, bytesOut, lines: commands } = this;
		const ageMs = Math.round(this.parts.clock.monotonic() - this.beganMs);
		const refused = this.refusedNameless;
		this.parts.lines.line(
			{ about: "refused", kind: `ends nameless: ${why}`, address },
			() => ({ address, why, ageMs, bytesIn, bytesOut, commands, refused }),
			"connection ends without a session",
		);
	}

	// ------------------------------------------------------------ the lines

	/** Carries out what waits, unless that is going on already. */
	private work(): void {
		this.again = this.working;
		if (this.working) return;
		this.working = true;
		this.carryOut().then(
			() => {
				this.working = false;
				if (this.again) this.work();
			},
			(err: unknown) => this.fail(err),
		);
	}

	private async carryOut(): Promise<void> {
		for (let count = 1; !this.connection.over; count++) {
			if (this.connection.bufferedBytes > 0) await this.untilDrained();
			if (this.connection.isPausedBy("session")) await this.untilRested();
			await this.restForRefusals();
			const event = this.reader.next();
			if (this.reader.bytes < AHEAD_BYTES / 2) this.connection.pause("lines", false);
			if (event === undefined) break;
			await this.obey(event);
			this.flush();
			if (count % LINES_PER_TURN === 0) await new Promise<void>((resolve) => this.parts.clock.soon(resolve));
		}
		if (!this.peerEnded || this.connection.over) return;
		await Promise.race([this.person.seenOwn(), new Promise<void>((resolve) => this.parts.clock.after(ECHO_MS, resolve))]);
		this.hangUp();
	}

	private async obey(event: LineEvent): Promise<void> {
		const first = this.first;
		this.first = false;
		// Also after the greeting: a browser can be made to connect first and to send later.
		if (first && event.kind === "line" && HTTP_REQUEST.test(event.text)) {
			this.connection.write([utf8.encode(HTTP_ANSWER)]);
			this.hangUp();
			return;
		}
		this.lines++;
		this.greet();
		if (event.kind === "wrong") {
			this.person.complain(event.code, event.message);
			return;
		}
		const command = parseLine(event.text, this.parts.limits.historyEntriesMax);
		if (command.kind === "nothing" || command.kind === "help") this.charge();
		await this.person.obey(command, Buffer.byteLength(event.text) + 1);
	}

	/** Before the first answer, and not before the first line could be seen, if one came at once. */
	private greet(): void {
		if (this.greeted) return;
		this.greeted = true;
		this.say(GREETING);
		this.flush();
	}

	/** Nobody can be asked here whether it still listens: that the host is there, TCP's keep-alive tells. This is for who was forgotten. */
	private watchIdle(forMs: number): Cancel {
		const { clock, timing } = this.parts;
		return clock.after(forMs, () => {
			const leftMs = this.heardAtMs + timing.lineIdleMs - clock.monotonic();
			if (leftMs > 0) this.cancelIdle = this.watchIdle(leftMs);
			else this.dismiss("late", "- nothing was said here for too long; connect again");
		});
	}

	private dismiss(why: "late" | "draining", lastWords: string): void {
		this.endsAs = why;
		this.say(lastWords);
		this.hangUp();
	}

	private untilDrained(): Promise<void> {
		return new Promise((resolve) => {
			this.wake = resolve;
		});
	}

	private untilRested(): Promise<void> {
		return new Promise((resolve) => {
			this.rested = resolve;
		});
	}

	private async restForRefusals(): Promise<void> {
		const { clock, metrics } = this.parts;
		const waitMs = owedMs(this.refusalsFullAtMs, clock.monotonic(), this.rate);
		if (waitMs <= 0) return;
		metrics.throttled.add("refusals");
		await new Promise<void>((resolve) => clock.after(Math.max(REST_MS_MIN, waitMs), resolve));
	}

	private get rate(): Rate {
		const { limits } = this.parts;
		return { perSecond: limits.refusalsPerSecond, burst: limits.refusalsBurst };
	}

	private fail(err: unknown): void {
		const { clock, random, log, metrics } = this.parts;
		metrics.faults.add("line");
		log.error({ err, trace: newId("t", clock, random) }, "line mode met an unexpected error and hung up");
		this.connection.cut();
	}
}
