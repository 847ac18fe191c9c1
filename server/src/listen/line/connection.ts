// A TCP connection in line mode, for people and scripts. Lines are executed strictly in sequence, each after the answer to the one before, so that
// `printf '/nick ann\n/join tea\nhello\n' | nc …` works. When the peer closes its direction, all lines are executed and the client's own messages
// shown before the connection closes.

import { REST_MS_MIN } from "../../admit/refusal-rate.ts";
import type { Cancel } from "../../base/clock.ts";
import { newId } from "../../base/ids.ts";
import type { Rate } from "../../limit/bucket.ts";
import { owedMs, take } from "../../limit/gcra.ts";
import type { ListenerParts } from "../connection/parts.ts";
import type { Receiver, TcpConnection } from "../connection/tcp.ts";
import { LineClient, type LineOutput } from "./client.ts";
import { GREETING } from "./help.ts";
import { parseLine } from "./parse.ts";
import { type LineEvent, LineReader } from "./reader.ts";
import { lineOf } from "./render.ts";

/** Bytes of waiting lines at which reading pauses. */
const READ_AHEAD_BYTES = 64 * 1024;
/** Lines executed in one turn of the event loop: a megabyte of empty lines must not block it. */
const LINES_PER_TURN = 64;
/** After the peer's last line, the client's own messages are awaited this long, as `nc -q 1` does. */
const ECHO_MS = 1_000;
/** A connection without a log-in by then is closed. */
const LOGIN_DEADLINE_MS = 120_000;

/** The first line of a browser that a malicious page sends to this port: none of its lines may be executed. */
const HTTP_REQUEST = /^[A-Z]{3,16} \S+ HTTP\/1\.[01]$/;
const HTTP_ANSWER =
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is not the HTTP port.\r\n";

const utf8 = new TextEncoder();

/** Opens line mode on a connection. `rest` is what was received already. */
export function openLine(parts: ListenerParts, connection: TcpConnection, rest: Uint8Array): void {
	const peer = new LineConnection(parts, connection);
	connection.receiver = peer;
	peer.begin(rest);
}

class LineConnection implements Receiver, LineOutput {
	readonly address: string;
	private readonly parts: ListenerParts;
	private readonly connection: TcpConnection;
	private readonly reader: LineReader;
	private readonly client: LineClient;
	private out = "";
	private greeted = false;
	private first = true;
	private working = false;
	/** Input has arrived while lines were being executed. */
	private again = false;
	private peerEnded = false;
	private wake: (() => void) | undefined;
	private resumed: (() => void) | undefined;
	/** The bucket of lines refused here, without a session (limit/gcra.ts). */
	private refusalsFullAtMs = 0;
	/** Lines refused before the log-in. */
	private refusedBeforeLogin = 0;
	private readonly cancelLoginDeadline: Cancel;
	private cancelIdle: Cancel;
	private heardAtMs: number;
	private readonly beganMs: number;
	private endsAs: "gone" | "late" | "unauthorized" | "draining" = "gone";
	private bytesIn = 0;
	private bytesOut = 0;
	private lines = 0;

	constructor(parts: ListenerParts, connection: TcpConnection) {
		this.parts = parts;
		this.connection = connection;
		this.address = connection.address;
		this.reader = new LineReader(parts.limits.lineBytesMax);
		this.client = new LineClient(parts, this);
		this.cancelLoginDeadline = parts.clock.after(LOGIN_DEADLINE_MS, () => {
			if (!this.client.authenticated) this.endWith("late", "! unauthenticated no name was chosen; connect again");
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
		if (this.reader.bytes > READ_AHEAD_BYTES) this.connection.pause("lines", true);
		// Only telnet's negotiation, and no line yet.
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
		this.client.drained();
	}

	stopping(): void {
		if (!this.client.authenticated) this.endWith("draining", "- the server is about to stop; connect again");
	}

	readingResumed(): void {
		if (!this.connection.isPausedBy("session")) this.resumed?.();
	}

	lost(): void {
		this.cancelLoginDeadline();
		this.cancelIdle();
		this.parts.metrics.connections.of("line").add(-1);
		if (!this.client.authenticated) this.logEnd();
		this.client.lost();
		this.wake?.();
		this.resumed?.();
	}

	// ------------------------------------------------------------ the output

	bufferedBytes(): number {
		return this.connection.bufferedBytes;
	}

	pauseReading(paused: boolean): boolean {
		this.connection.pause("session", paused);
		return true;
	}

	writeLine(line: string): void {
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
		if (this.client.authenticated || ++this.refusedBeforeLogin <= limits.unauthenticatedRefusalsMax) return;
		metrics.throttled.add("unauthenticated");
		this.endsAs = "unauthorized";
		this.writeLine("! unauthenticated too much was said before a name was chosen; connect again");
		this.flush();
		this.connection.finish(true);
	}

	private charge(): void {
		this.refusalsFullAtMs = take(this.refusalsFullAtMs, this.parts.clock.monotonic(), this.rate);
	}

	end(): void {
		this.flush();
		this.connection.finish();
	}

	/** Logs the end of a connection without a log-in; sessions log their own. */
	private logEnd(): void {
		const { address, endsAs: why, bytesIn, bytesOut, lines: commands } = this;
		const ageMs = Math.round(this.parts.clock.monotonic() - this.beganMs);
		const refused = this.refusedBeforeLogin;
		this.parts.lines.line(
			{ about: "refused", kind: `ends nameless: ${why}`, address },
			() => ({ address, why, ageMs, bytesIn, bytesOut, commands, refused }),
			"connection ends without a session",
		);
	}

	// ------------------------------------------------------------ the lines

	/** Executes waiting lines, unless that is under way. */
	private work(): void {
		this.again = this.working;
		if (this.working) return;
		this.working = true;
		this.processLines().then(
			() => {
				this.working = false;
				if (this.again) this.work();
			},
			(err: unknown) => this.fail(err),
		);
	}

	private async processLines(): Promise<void> {
		for (let count = 1; !this.connection.over; count++) {
			if (this.connection.bufferedBytes > 0) await this.untilDrained();
			if (this.connection.isPausedBy("session")) await this.untilResumed();
			await this.waitForRefusals();
			const event = this.reader.next();
			if (this.reader.bytes < READ_AHEAD_BYTES / 2) this.connection.pause("lines", false);
			if (event === undefined) break;
			await this.execute(event);
			this.flush();
			if (count % LINES_PER_TURN === 0) await new Promise<void>((resolve) => this.parts.clock.soon(resolve));
		}
		if (!this.peerEnded || this.connection.over) return;
		await Promise.race([this.client.ownShown(), new Promise<void>((resolve) => this.parts.clock.after(ECHO_MS, resolve))]);
		this.end();
	}

	private async execute(event: LineEvent): Promise<void> {
		const first = this.first;
		this.first = false;
		// Checked after the greeting too: a browser can be made to connect first and send later.
		if (first && event.kind === "line" && HTTP_REQUEST.test(event.text)) {
			this.connection.write([utf8.encode(HTTP_ANSWER)]);
			this.end();
			return;
		}
		this.lines++;
		this.greet();
		if (event.kind === "wrong") {
			this.client.refuse(event.code, event.message);
			return;
		}
		const command = parseLine(event.text, this.parts.limits.historyEntriesMax);
		if (command.kind === "nothing" || command.kind === "help") this.charge();
		await this.client.execute(command, Buffer.byteLength(event.text) + 1);
	}

	/** Writes the greeting, once: before the first answer, but after the first line was checked for HTTP. */
	private greet(): void {
		if (this.greeted) return;
		this.greeted = true;
		this.writeLine(GREETING);
		this.flush();
	}

	/** Closes connections that are idle too long. Line mode has no heartbeat; TCP keep-alive only detects dead hosts. */
	private watchIdle(forMs: number): Cancel {
		const { clock, timing } = this.parts;
		return clock.after(forMs, () => {
			const leftMs = this.heardAtMs + timing.lineIdleMs - clock.monotonic();
			if (leftMs > 0) this.cancelIdle = this.watchIdle(leftMs);
			else this.endWith("late", "- nothing was said here for too long; connect again");
		});
	}

	private endWith(why: "late" | "draining", lastWords: string): void {
		this.endsAs = why;
		this.writeLine(lastWords);
		this.end();
	}

	private untilDrained(): Promise<void> {
		return new Promise((resolve) => {
			this.wake = resolve;
		});
	}

	private untilResumed(): Promise<void> {
		return new Promise((resolve) => {
			this.resumed = resolve;
		});
	}

	private async waitForRefusals(): Promise<void> {
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
