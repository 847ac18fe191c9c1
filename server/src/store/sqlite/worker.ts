// The thread behind the store: the entry point of its Workers. One file for both roles, so that an executable needs one
// additional entry point.
import type { Answer, Question } from "./calls.ts";
import { messageOf, StoreOpenError, troubleOf } from "./errors.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

declare const self: Worker;

const roles = { writer: new Writer().calls, reader: new Reader().calls };

self.onmessage = ({ data }: MessageEvent<string>) => {
	const question = JSON.parse(data) as Question;
	self.postMessage(JSON.stringify(answer(question)));
};

function answer({ id, role, call, args }: Question): Answer {
	try {
		const calls = roles[role] as unknown as Readonly<Record<string, (args: unknown) => unknown>>;
		const handler = calls[call];
		if (!handler) throw new Error(`the ${role} knows no ${call}`);
		return { id, value: handler(args) };
	} catch (cause) {
		const openCode = cause instanceof StoreOpenError ? { openCode: cause.code } : {};
		return { id, error: { message: messageOf(cause), trouble: troubleOf(cause), ...openCode } };
	}
}
