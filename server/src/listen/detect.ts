// Protocol detection by a TCP connection's first bytes: a preface opens framed mode; the first byte that fits no preface, or `lineModeAfterMs`
// without any byte, opens line mode.
import { CLOSES, type PrefaceError, type PrefaceEvent, PrefaceReader, renderPrefaceAnswer } from "@verbatim/protocol";
import type { Cancel } from "../base/clock.ts";
import { openFramed } from "./connection/framed.ts";
import type { ListenerParts } from "./connection/parts.ts";
import type { Receiver, TcpConnection } from "./connection/tcp.ts";
import { openLine } from "./line/connection.ts";

const utf8 = new TextEncoder();

/** The receiver of a connection until its protocol is known. */
export class ProtocolDetector implements Receiver {
	private readonly parts: ListenerParts;
	private readonly connection: TcpConnection;
	private readonly reader: PrefaceReader;
	private cancelTimer: Cancel;
	private hasData = false;

	constructor(parts: ListenerParts, connection: TcpConnection) {
		this.parts = parts;
		this.connection = connection;
		this.reader = new PrefaceReader(parts.limits);
		this.cancelTimer = this.deadline();
	}

	/** Starts the time without any byte that means line mode. */
	ready(): void {
		const { clock, timing } = this.parts;
		this.cancelTimer();
		this.cancelTimer = clock.after(timing.lineModeAfterMs, () => {
			if (this.hasData) this.cancelTimer = this.deadline();
			else this.decide({ kind: "line", rest: this.reader.pending });
		});
	}

	data(chunk: Uint8Array): void {
		this.hasData = true;
		this.decide(this.reader.push(chunk));
	}

	ended(): void {
		// An unfinished preface is useless, an unfinished last line is not.
		this.decide({ kind: "line", rest: this.reader.pending });
		if (!this.connection.over) this.connection.receiver.ended();
	}

	drained(): void {}

	stopping(): void {
		this.refuse({ code: "draining", message: CLOSES.draining.reason });
	}

	readingResumed(): void {}

	lost(): void {
		this.cancelTimer();
	}

	private decide(event: PrefaceEvent): void {
		const { parts, connection } = this;
		if (event.kind === "more") return;
		this.cancelTimer();
		switch (event.kind) {
			case "framed":
				connection.write([utf8.encode(renderPrefaceAnswer(event.preface))]);
				openFramed(parts, connection, event.preface, event.rest);
				return;
			case "line":
				openLine(parts, connection, event.rest);
				return;
			case "error":
				this.turnAway("preface", event);
		}
	}

	private turnAway(reason: "preface" | "late", error: PrefaceError): void {
		const { metrics, lines } = this.parts;
		const { address } = this.connection;
		metrics.refused.add(reason);
		lines.line(
			{ about: "refused", kind: `connection refused: ${reason}`, address },
			() => ({ reason, code: error.code, address }),
			"connection refused",
		);
		this.refuse(error);
	}

	private refuse(error: PrefaceError): void {
		this.connection.write([utf8.encode(renderPrefaceAnswer(error))]);
		this.connection.finish();
	}

	private deadline(): Cancel {
		const { clock, timing } = this.parts;
		return clock.after(timing.handshakeMs, () => {
			this.turnAway("late", { code: "late", message: `no whole preface after ${timing.handshakeMs / 1000} s` });
		});
	}
}
