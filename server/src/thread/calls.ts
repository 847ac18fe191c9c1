// Calls from one thread to another over a port. A `Refusal` is thrown as such; any other error as `ThrownElsewhere`, with the message of
// the other thread.
import { Refusal } from "@verbatim/protocol";
import type { Port } from "./port.ts";

type Question = readonly [id: number, method: string, args: readonly unknown[]];
/** Without `value`: undefined. */
type Answer =
	| readonly [id: number, ok: 1, value?: unknown]
	| readonly [
			id: number,
			ok: 0,
			refusal: { readonly refusal: readonly [code: Refusal["code"], message: string, retryAfterMs: number] },
	  ]
	| readonly [id: number, ok: 0, error: ThrownFacts];

interface ThrownFacts {
	readonly name: string;
	readonly message: string;
	readonly stack: string;
	readonly code?: string;
}

/** Thrown by the other thread. */
export class ThrownElsewhere extends Error {
	/** The name and the code of the error there. */
	readonly thrown: string;
	readonly code: string;

	constructor({ name, message, stack, code }: ThrownFacts) {
		super(message);
		this.name = "ThrownElsewhere";
		this.thrown = name;
		this.code = code ?? "";
		this.stack = stack;
	}
}

/** What can be asked: functions of what JSON can carry. The last arguments may be left out, or undefined. */
export type Callable = Readonly<Record<string, (...args: never[]) => unknown>>;

export class Caller {
	private readonly port: Port;
	private readonly topic: string;
	private readonly pending = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
	private nextId = 1;

	/** `topic`: that of the `answerCalls` at the other end. */
	constructor(port: Port, topic: string) {
		this.port = port;
		this.topic = topic;
		port.on(topic, (value) => this.answered(value as Answer));
	}

	call(method: string, args: readonly unknown[]): Promise<unknown> {
		const id = this.nextId++;
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		this.pending.set(id, { resolve, reject });
		let count = args.length;
		// In an array it would become null.
		while (count > 0 && args[count - 1] === undefined) count--;
		this.port.send(
			this.topic,
			JSON.stringify([id, method, count === args.length ? args : args.slice(0, count)] satisfies Question),
		);
		return promise;
	}

	private answered([id, ok, value]: Answer): void {
		const pending = this.pending.get(id);
		this.pending.delete(id);
		if (ok === 1) pending?.resolve(value);
		else if ("refusal" in value) pending?.reject(new Refusal(...value.refusal));
		else pending?.reject(new ThrownElsewhere(value));
	}
}

/** Answers the calls of `topic` by the functions of `target`, in any order. */
export function answerCalls(port: Port, topic: string, target: Callable): void {
	const answer = (value: Answer): void => port.send(topic, JSON.stringify(value));
	const carryOut = async ([id, method, args]: Question): Promise<void> => {
		try {
			if (!Object.hasOwn(target, method)) throw new Error(`there is no ${method} in ${topic}`);
			const value = await (target[method] as (...args: readonly unknown[]) => unknown)(...args);
			answer(value === undefined ? [id, 1] : [id, 1, value]);
		} catch (cause) {
			answer(refusalOf(id, cause));
		}
	};
	port.on(topic, (value) => void carryOut(value as Question));
}

function refusalOf(id: number, cause: unknown): Answer {
	if (cause instanceof Refusal) return [id, 0, { refusal: [cause.code, cause.message, cause.retryAfterMs] }];
	const { name, message, stack } = cause instanceof Error ? cause : new Error(String(cause));
	const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? { code: cause.code } : {};
	return [id, 0, { name, message, stack: stack ?? "", ...code }];
}
