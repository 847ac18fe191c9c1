// A thread behind the store: questions in, answers out, one after the other.
import type { Answer, Question } from "./calls.ts";
import { messageOf, StoreOpenError, troubleOf } from "./errors.ts";

declare const self: Worker;

/** Answers with `calls` from now on. To be called once, by the entry point of a Worker. */
export function serve(calls: object): void {
	const handlers = calls as Readonly<Record<string, (args: unknown) => unknown>>;
	self.onmessage = ({ data }: MessageEvent<string>) => {
		self.postMessage(JSON.stringify(answer(handlers, JSON.parse(data) as Question)));
	};
}

function answer(handlers: Readonly<Record<string, (args: unknown) => unknown>>, { id, call, args }: Question): Answer {
	try {
		const handler = handlers[call];
		if (!handler) throw new Error(`there is no ${call} here`);
		return { id, value: handler(args) };
	} catch (cause) {
		const openCode = cause instanceof StoreOpenError ? { openCode: cause.code } : {};
		return { id, error: { message: messageOf(cause), trouble: troubleOf(cause), ...openCode } };
	}
}
