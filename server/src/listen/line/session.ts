// One session of a person in line mode: the in-process link between it and the peer's lines. It speaks for a client that keeps
// no cursors of its own: numbers the commands, answers the heartbeat (a person cannot), and gives each answer to whoever asked,
// at its place among everything else that arrives.
import { type CloseName, type Command, create, type Down, DownSchema, UpSchema } from "@verbatim/protocol";
import type { Cancel, Clock } from "../../base/clock.ts";
import type { SessionHost, SessionInput } from "../../link/host.ts";
import type { Encoded, Format, Link } from "../../link/link.ts";

export type Answer = Down["body"];

/** What the session needs of the connection behind it, and whom it tells. */
export interface LineSessionEvents {
	readonly address: string;
	bufferedBytes(): number;
	pauseReading(paused: boolean): boolean;
	/** Something that is no answer. */
	received(session: LineSession, body: Answer): void;
	/** All that belonged to one write was told. */
	wrote(): void;
	/** The session has ended itself, after its last words. */
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
	 * Carries out one command. `answered` is called with its answer in the order of the stream; the promise resolves after
	 * that, or when there will be no answer because the session is over. `bytes`: of the line that it comes from.
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

	/** The peer can take more. */
	drained(): void {
		this.input.drained();
	}

	/** Ends the session: the person is gone, or goes on in another. */
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
			// Not in the middle of the session's own write.
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
