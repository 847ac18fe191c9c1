// The one shape of the HTTP API's answers: `{code, message, data}`. `code` is `ok` or from the table of errors, which also has the status.
import { ERRORS, type ErrorCode, Refusal } from "@verbatim/protocol";
import { noteAnswer } from "../web/access.ts";
import { DATA_HEADERS } from "../web/headers.ts";

type HeaderFields = Readonly<Record<string, string>>;

export function okAnswer(data: unknown, headers: HeaderFields = {}): Response {
	return json(200, { code: "ok", message: "", data }, headers);
}

/** `status`: if HTTP has a more exact one than the table. */
export function refusalAnswer(refusal: Refusal, headers: HeaderFields = {}, status?: number): Response {
	const { code, message, retryAfterMs } = refusal;
	const facts = ERRORS[code];
	const data: Record<string, unknown> = { retry: facts.retry };
	const retry: Record<string, string> = {};
	if (retryAfterMs > 0) {
		data.retryAfterMs = Math.ceil(retryAfterMs);
		retry["retry-after"] = String(Math.ceil(retryAfterMs / 1_000));
	}
	return noteAnswer(json(status ?? facts.status, { code, message, data }, { ...retry, ...headers }), { code });
}

/** A refusal by code, with the table's message by default. */
export function refuse(code: ErrorCode, message?: string, headers: HeaderFields = {}, status?: number): Response {
	return refusalAnswer(new Refusal(code, message), headers, status);
}

function json(status: number, body: unknown, headers: HeaderFields): Response {
	const text = `${JSON.stringify(body)}\n`;
	const response = new Response(text, {
		status,
		headers: { ...DATA_HEADERS, "content-type": "application/json; charset=utf-8", ...headers },
	});
	return noteAnswer(response, { bytes: Buffer.byteLength(text) });
}
