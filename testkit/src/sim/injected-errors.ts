// Exceptions injected by seed where the server calls many in one loop, before or after the call has done its work. Each may end one
// session at most, must be logged with a trace id, and must not stop the rest of the loop; every promise holds for the others, and for
// the session's client once it is back.
//
// Injection points are methods of the server's classes, replaced while a run lasts; production code knows nothing of it.

import { Deadlines, Flusher, LiveRoom, Outbox, Principal, Session, Subscribers } from "@verbatim/server/testing";

/** encode, write, bufferedBytes: of a link. began, ended, authenticate: of accounts. append: of the store, in a send. answerJoin: in a join. */
export const INJECTION_POINTS = [
	"encode",
	"write",
	"bufferedBytes",
	"takePush",
	"pushEphemeral",
	"fallBehind",
	"memberJoined",
	"memberLeft",
	"flush",
	"due",
	"publish",
	"drain",
	"append",
	"answerJoin",
	"authenticate",
	"began",
	"ended",
] as const;

export type InjectionPoint = (typeof INJECTION_POINTS)[number];

export interface Injection {
	readonly what: InjectionPoint;
	/** Calls that are let pass before. */
	readonly skip: number;
	/** Once the call has done its work. */
	readonly late: boolean;
}

export class InjectedError extends Error {}

export interface InjectorPort {
	nowMs(): number;
	note(words: string): void;
	/** What must hold does not. */
	fault(words: string): void;
}

interface Armed {
	left: number;
	readonly late: boolean;
}

export class ErrorInjector {
	/** Sessions that were ended as `internal`. */
	private ended = 0;
	private count = 0;
	private readonly armed = new Map<InjectionPoint, Armed[]>();
	private readonly unreported = new Set<InjectedError>();
	private readonly port: InjectorPort;
	/** Outboxes that registered for the flush at the end of the turn, by the time of that turn. */
	private readonly unflushed = new Map<unknown, number>();
	/** Of whom one of the methods has thrown: none of them may go on. */
	private readonly broken = new Set<Principal>();

	constructor(port: InjectorPort) {
		this.port = port;
	}

	arm({ what, skip, late }: Injection): void {
		const armed = this.armed.get(what) ?? [];
		armed.push({ left: skip, late });
		this.armed.set(what, armed);
	}

	/** Nothing more is thrown. */
	disarm(): void {
		this.armed.clear();
	}

	/** The process is gone, in the middle of whatever it did. */
	killed(): void {
		this.checkBroken();
		this.unflushed.clear();
	}

	/** Calls `task`, and throws if it is time to. */
	call<T>(what: InjectionPoint, task: () => T): T {
		const armed = this.next(what);
		if (armed === undefined) return task();
		// A result that nobody waits for.
		if (armed.late) void Promise.resolve(task()).catch(() => {});
		throw this.error(what);
	}

	/** Is this an error of ours, and in the log as it should be? */
	logged(err: unknown, trace: string | undefined): boolean {
		if (!(err instanceof InjectedError)) return false;
		this.unreported.delete(err);
		if (trace === undefined || trace === "") this.port.fault(`${err.message} was logged without a trace id`);
		return true;
	}

	/** A link was closed. */
	closed(why: string): void {
		if (why === "internal") this.ended++;
	}

	/** The run is over. `alone`: sessions end as internal by what is thrown here and by nothing else. */
	judge(alone: boolean): void {
		for (const { message } of this.unreported) this.port.fault(`${message}, and the log says nothing of it`);
		if (alone && this.ended > this.count)
			this.port.fault(`${this.count} errors were thrown and ${this.ended} sessions ended as internal`);
		this.checkBroken();
		this.checkFlushed();
	}

	/** Runs `task` with the server's classes prepared. */
	during<T>(task: () => T): T {
		const undo = [
			this.throwing(Principal.prototype, "takePush", "takePush"),
			this.throwing(Principal.prototype, "pushEphemeral", "pushEphemeral"),
			this.throwing(Principal.prototype, "fallBehind", "fallBehind"),
			this.throwing(Principal.prototype, "memberJoined", "memberJoined"),
			this.throwing(Principal.prototype, "memberLeft", "memberLeft"),
			this.throwing(Principal.prototype, "answerJoin", "answerJoin"),
			this.throwing(Deadlines.prototype, "due", "due"),
			this.throwing(LiveRoom.prototype, "publish", "publish"),
			this.throwing(Outbox.prototype, "flush", "flush", (outbox) => void this.unflushed.delete(outbox)),
			this.throwing(Session.prototype, "drain", "drain"),
			...this.watching(),
		];
		try {
			return task();
		} finally {
			for (const each of undo) each();
		}
	}

	// ------------------------------------------------------------ helpers

	private next(what: InjectionPoint): Armed | undefined {
		const all = this.armed.get(what);
		const first = all?.[0];
		if (all === undefined || first === undefined || first.left-- > 0) return undefined;
		all.shift();
		return first;
	}

	private error(what: InjectionPoint): InjectedError {
		const error = new InjectedError(`error ${++this.count}, thrown in ${what}`);
		this.port.note(error.message);
		this.unreported.add(error);
		return error;
	}

	/** `called`: told of each call before anything else. */
	private throwing(
		prototype: object,
		name: string,
		what: InjectionPoint,
		called: (self: unknown) => void = () => {},
	): () => void {
		const injector = this;
		return replace(
			prototype,
			name,
			(original) =>
				function (this: unknown, ...args: unknown[]): unknown {
					called(this);
					const armed = injector.next(what);
					if (armed === undefined) return original.apply(this, args);
					if (this instanceof Principal) injector.broken.add(this);
					const result = armed.late ? original.apply(this, args) : undefined;
					// What is asynchronous cannot throw at once.
					if (what === "drain") return Promise.resolve(result).then(() => Promise.reject(injector.error(what)));
					throw injector.error(what);
				},
		);
	}

	/** Looks whether the rest of a loop was left out, which the promises would not show where others make up for it. */
	private watching(): Array<() => void> {
		const injector = this;
		return [
			replace(
				Flusher.prototype,
				"register",
				(original) =>
					function (this: unknown, ...args: unknown[]): unknown {
						injector.checkFlushed();
						injector.unflushed.set(args[0], injector.port.nowMs());
						return original.apply(this, args);
					},
			),
			replace(
				Subscribers.prototype,
				"offer",
				(original) =>
					function (this: unknown, ...args: unknown[]): unknown {
						const result = original.apply(this, args);
						const { from, to } = args[0] as { readonly from: number; readonly to: number };
						for (const { state, cursor } of this as Subscribers) {
							if (state === "live" && cursor >= from - 1 && cursor < to)
								injector.port.fault(`a subscriber at ${cursor} was not offered ${from} to ${to}`);
						}
						return result;
					},
			),
		];
	}

	private checkBroken(): void {
		for (const { closed, account } of this.broken)
			if (!closed) this.port.fault(`a session of ${account.id} goes on after an error`);
		this.broken.clear();
	}

	private checkFlushed(): void {
		for (const atMs of this.unflushed.values()) {
			if (atMs === this.port.nowMs()) continue;
			this.port.fault(`an outbox was not flushed in its turn at ${atMs.toFixed(0)} ms`);
			this.unflushed.clear();
			return;
		}
	}
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts another method in the place of one; returns what undoes it. */
function replace(prototype: object, name: string, make: (original: Method) => Method): () => void {
	const before = Object.getOwnPropertyDescriptor(prototype, name);
	if (before === undefined) throw new Error(`there is no ${name} to be replaced`);
	Object.defineProperty(prototype, name, { ...before, value: make(before.value as Method) });
	return () => void Object.defineProperty(prototype, name, before);
}
