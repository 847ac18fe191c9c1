// One end of an ordered channel to another thread. All that one turn of the event loop sends goes as one message: a JSON array in one string, since Bun
// hands a string to another thread as it is, while cloning objects costs more than writing and reading them.
//
// For many small messages to a thread that may be slow. `store/sqlite/channel.ts` differs: one request at a time, posted at once (waiting for
// the end of the turn would delay the commit), unbounded since batches are bounded, and an answer to each request if the thread dies.
//
// Each end acknowledges what it has taken, so that the other knows how much is queued.
import type { Clock } from "../base/clock.ts";

/** A Worker, its `self`, or one end of a MessageChannel. */
export interface ThreadEnd {
	postMessage(text: string): void;
	onmessage: ((event: MessageEvent<string>) => void) | null;
}

/** The other end is told of what was taken after so many characters, if there is nothing else to tell it. */
const ACKNOWLEDGE_CHARS = 64 * 1024;

type Message = readonly [taken: number, ...pieces: (readonly [topic: string, value: unknown])[]];

export class Port {
	private readonly end: ThreadEnd;
	private readonly clock: Pick<Clock, "soon">;
	private readonly topics = new Map<string, (value: unknown) => void>();
	private readonly drains: (() => void)[] = [];
	private pieces: string[] = [];
	private isDue = false;
	private isClosed = false;
	/** Characters of pieces of this turn; posted; of these, acknowledged; taken from the other end; of these, acknowledged. */
	private pendingChars = 0;
	private postedChars = 0;
	private acknowledgedChars = 0;
	private takenChars = 0;
	private toldChars = 0;

	constructor(end: ThreadEnd, clock: Pick<Clock, "soon">) {
		this.end = end;
		this.clock = clock;
	}

	/** About how many bytes the other end has not acknowledged. */
	get heldBytes(): number {
		return this.pendingChars + this.postedChars - this.acknowledgedChars;
	}

	/** How many were sent in this turn. */
	get heldPieces(): number {
		return this.pieces.length;
	}

	/** Sends at the end of this turn, after what was sent before. `json`: by `JSON.stringify`. */
	send(topic: string, json: string): void {
		this.sendPiece(pieceOf(topic, json));
	}

	/** The same for a piece that several ports are given. */
	sendPiece(piece: string): void {
		if (this.isClosed) return;
		this.pieces.push(piece);
		this.pendingChars += piece.length;
		this.flushLater();
	}

	/** Sets what takes the values of a topic. Before `open`. What it throws is uncaught, once the rest of the message is taken. */
	on(topic: string, take: (value: unknown) => void): void {
		this.topics.set(topic, take);
	}

	/** `drained` is called whenever the other end has acknowledged something. */
	onDrain(drained: () => void): void {
		this.drains.push(drained);
	}

	/** Takes what comes, from now on. */
	open(): void {
		this.end.onmessage = ({ data }) => this.take(data);
	}

	/** Receives and sends nothing from now on. */
	close(): void {
		this.isClosed = true;
		this.end.onmessage = null;
		this.pieces = [];
		this.pendingChars = 0;
	}

	private take(text: string): void {
		const [taken, ...pieces] = JSON.parse(text) as Message;
		this.takenChars += text.length;
		if (this.takenChars - this.toldChars >= ACKNOWLEDGE_CHARS) this.flushLater();
		const thrown: unknown[] = [];
		if (taken > this.acknowledgedChars) {
			this.acknowledgedChars = taken;
			for (const drained of this.drains) guarded(drained, undefined, thrown);
		}
		for (const [topic, value] of pieces) {
			const take = this.topics.get(topic);
			if (take !== undefined) guarded(take, value, thrown);
		}
		if (thrown.length > 0)
			throw thrown.length === 1 ? thrown[0] : new AggregateError(thrown, "pieces of one message were not taken");
	}

	private flushLater(): void {
		if (this.isDue) return;
		this.isDue = true;
		this.clock.soon(() => this.flush());
	}

	private flush(): void {
		if (this.isClosed) return;
		const { pieces } = this;
		this.pieces = [];
		this.isDue = false;
		this.toldChars = this.takenChars;
		const text = `[${[this.takenChars, ...pieces].join(",")}]`;
		this.pendingChars = 0;
		this.postedChars += text.length;
		this.end.postMessage(text);
	}
}

function guarded(take: (value: unknown) => void, value: unknown, thrown: unknown[]): void {
	try {
		take(value);
	} catch (cause) {
		thrown.push(cause);
	}
}

export function pieceOf(topic: string, json: string): string {
	return `["${topic}",${json}]`;
}
