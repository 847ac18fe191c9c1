// The in-process link between a session and a line-mode client. It does what an SDK does for other clients: numbers the commands, answers the
// heartbeat, and passes each answer to its caller, in order with everything else that arrives.
import { type CloseName, type Command, create, type Down, DownSchema, UpSchema } from "@verbatim/protocol";
import type { Cancel, Clock } from "../../base/clock.ts";
import type { SessionHost, SessionInput } from "../../link/host.ts";
import type { Encoded, Format, Link } from "../../link/link.ts";

export type Answer = Down["body"];

/** The connection behind the session, and the receiver of its events. */
export interface LineSessionEvents {
	readonly address: string;
	bufferedBytes(): number;
	pauseReading(paused: boolean): boolean;
	/** A message that answers no command. */
	received(session: LineSession, body: Answer): void;
	/** The end of one write. */
	wrote(): void;
	/** The session has ended itself, after its last message. */
	closed(session: LineSession): void;
}

export class LineSession implements Link {
	readonly format: Format;
	readonly resumable = false;
	readonly address: string;
	private readonly events: LineSessionEvents;
	private readonly clock: Pick<Clock, "after" | "soon">;
	private readonly answerMs: number;
	private readonly input: SessionInput;
	private readonly asked = new Map<number, (answer: Answer | undefined) => void>();
	private lastId = 0;
	private over = false;

	constructor(
		host: SessionHost,
		format: Format,
		events: LineSessionEvents,
		clock: Pick<Clock, "after" | "soon">,
		answerMs: number,
	) {
		this.format = format;
		this.events = events;
		this.address = events.address;
		this.clock = clock;
		this.answerMs = answerMs;
		this.input = host.open(this);
	}

	/**
	 * Executes one command. `answered` is called with its answer, in the order of the stream; the promise resolves after that, or when the session
	 * ends without an answer. `bytes`: the size of its line.
	 */
	ask(command: Command, answered: (answer: Answer) => void, bytes = 0): Promise<void> {
		if (this.over) return Promise.resolve();
		const id = ++this.lastId;
		return new Promise((resolve) => {
			const cancel: Cancel = this.clock.after(this.answerMs, () => settle(unanswered()));
			const settle = (answer: Answer | undefined): void => {
				cancel();
				this.asked.delete(id);
				if (answer !== undefined) answered(answer);
				resolve();
			};
			this.asked.set(id, settle);
			this.input.receive(create(UpSchema, { id, command }), bytes);
		});
	}

	/** Everything written was taken by the kernel. */
	drained(): void {
		this.input.drained();
	}

	/** Ends the session: the connection is gone, or another session has replaced it. */
	leave(): void {
		if (!this.over) this.settle();
	}

	// ------------------------------------------------------------ from the session

	write(messages: readonly Encoded[]): void {
		for (const message of messages) {
			if (this.over) break;
			this.deliver(message as Down);
		}
		this.events.wrote();
	}

	bufferedBytes(): number {
		return this.events.bufferedBytes();
	}

	pauseReading(paused: boolean): boolean {
		return this.events.pauseReading(paused);
	}

	close(_why: CloseName): void {
		if (this.over) return;
		this.settle();
		this.events.closed(this);
	}

	// ------------------------------------------------------------ helpers

	private deliver({ id, body }: Down): void {
		if (body.case === "ping") {
			const { nonce } = body.value;
			// Deferred: not reentrant within the session's own write.
			this.clock.soon(() => this.input.receive(create(UpSchema, { command: { case: "pong", value: { nonce } } })));
			return;
		}
		const settle = this.asked.get(id);
		if (settle === undefined) this.events.received(this, body);
		else settle(body);
	}

	private settle(): void {
		this.over = true;
		for (const settle of [...this.asked.values()]) settle(undefined);
		this.input.lost();
	}
}

function unanswered(): Answer {
	const { body } = create(DownSchema, {
		body: {
			case: "failure",
			value: { code: "timeout", message: "there was no answer in time; it may or may not have been done" },
		},
	});
	return body;
}
