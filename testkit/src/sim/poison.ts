// A bug of the server in one room: sends are answered `internal` at every try, whether they were committed or not, and the session may
// end, with or without that answer.
import { Refusal, type Up } from "@verbatim/protocol";
import type { Draft, SessionInput, Store } from "@verbatim/server/parts";
import type { PoisonOptions } from "./options.ts";

export interface PoisonPort {
	/** The id of the room of this name. */
	roomNamed(name: string): string | undefined;
}

const WORDS = "a send was poisoned";

/** Is it the bug, and no other? */
export function isPoison(cause: unknown): boolean {
	return cause instanceof Error && cause.message === WORDS;
}

/** Less than any pause of a client's own. */
const AFTER_MS = 5;

export class Poison {
	/** Does it work now? */
	active = false;
	private readonly options: PoisonOptions;
	private readonly port: PoisonPort;
	/** The session that has brought a send last, by cid. */
	private readonly sessions = new Map<string, SessionInput>();

	constructor(options: PoisonOptions, port: PoisonPort) {
		this.options = options;
		this.port = port;
	}

	/** `store`, with the bug. */
	store<S extends Store>(store: S): S {
		const append: Store["append"] = async (draft) => {
			if (!this.hits(draft)) return store.append(draft);
			if (this.options.committed) await store.append(draft);
			const { ends } = this.options;
			// An error that nobody expects is answered, and ends the session; a refusal does not.
			if (ends === "answered") throw new Error(WORDS);
			if (ends === "unanswered" && draft.kind === "entry") this.sessions.get(draft.cid ?? "")?.end("internal", WORDS);
			throw new Refusal("internal", WORDS, AFTER_MS);
		};
		return new Proxy(store, {
			get: (target, name) => {
				if (name === "append") return append;
				const value: unknown = Reflect.get(target, name, target);
				return typeof value === "function" ? value.bind(target) : value;
			},
		});
	}

	/** A session was told something. */
	received({ command }: Up, session: SessionInput): void {
		if (command.case === "send") this.sessions.set(command.value.cid, session);
	}

	private hits(draft: Draft): boolean {
		if (!this.active || draft.kind !== "entry" || draft.body.case !== "message") return false;
		if (draft.room !== this.port.roomNamed(this.options.room)) return false;
		// The same sends at every try.
		return this.options.every === 1 || (draft.cid?.codePointAt(draft.cid.length - 1) ?? 0) % this.options.every === 0;
	}
}
