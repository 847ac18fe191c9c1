// Parses requests of the HTTP API: the body is bounded before it is parsed, and unknown fields are refused.
import { checkJsonBounds, DecodeError, membersOf, Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../../base/clock.ts";
import { newId } from "../../base/ids.ts";

export type FieldKind = "string" | "boolean" | "number";
/** Names and kinds of fields; `?` after the kind: optional. */
export type FieldSpec = Readonly<Record<string, FieldKind | `${FieldKind}?`>>;

interface Kinds {
	string: string;
	boolean: boolean;
	number: number;
}

export type Fields<Spec extends FieldSpec> = {
	readonly [Name in keyof Spec]: Spec[Name] extends `${infer Kind extends FieldKind}?`
		? Kinds[Kind] | undefined
		: Spec[Name] extends FieldKind
			? Kinds[Spec[Name]]
			: never;
};

/** Far more than any request has. */
const VALUES_MAX = 64;

/** The body as JSON; an empty one is `{}`. Rejects with `Refusal`: `too_large`, `bad_utf8`, `malformed`. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
	const bytes = await readBody(request, bytesMax);
	if (bytes.length === 0) return {};
	let text: string;
	try {
		text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		throw new Refusal("bad_utf8", "the body must be UTF-8");
	}
	try {
		const members = checkJsonBounds(text, VALUES_MAX);
		const json: unknown = JSON.parse(text);
		// JSON.parse keeps only the last of equal keys.
		if (membersOf(json) !== members) throw new Refusal("malformed", "a key comes twice");
		return json;
	} catch (cause) {
		if (cause instanceof Refusal) throw cause;
		if (cause instanceof DecodeError) throw new Refusal(cause.code, cause.message);
		throw new Refusal("malformed", "the body must be JSON");
	}
}

/** The fields of `body`, which must be those of `spec` and no others; null for an optional field counts as absent. Throws `Refusal` `malformed`. */
export function takeFields<const Spec extends FieldSpec>(body: unknown, spec: Spec): Fields<Spec> {
	if (typeof body !== "object" || body === null || Array.isArray(body)) {
		throw new Refusal("malformed", "the body must be a JSON object");
	}
	const given = new Map(Object.entries(body));
	const taken: Record<string, unknown> = {};
	for (const [name, kind] of Object.entries(spec)) {
		const value = given.get(name);
		given.delete(name);
		if ((value === undefined || value === null) && kind.endsWith("?")) continue;
		if (kind.startsWith("number")) mustBeUint32(name, value);
		if (typeof value !== kind.replace("?", "")) throw new Refusal("malformed", `${name} must be a ${kind.replace("?", "")}`);
		taken[name] = value;
	}
	for (const name of given.keys()) throw new Refusal("malformed", `there is no field ${JSON.stringify(name.slice(0, 64))} here`);
	return taken as Fields<Spec>;
}

/** With the wire's message. */
function mustBeUint32(name: string, value: unknown): void {
	if (typeof value === "number" && value >>> 0 === value) return;
	throw new Refusal("malformed", `${name} must be a whole number from 0 to 4294967295`);
}

/** Whole numbers and times (ms) from the query, 0 where absent; other names are refused. Throws `Refusal` `invalid`, `malformed`. */
export function takeNumbers<const Name extends string>(
	query: URLSearchParams,
	names: readonly Name[],
	times: readonly Name[] = [],
): Record<Name, number> {
	for (const name of query.keys()) {
		if (![...names, ...times].some((known) => known === name)) {
			throw new Refusal("invalid", `there is no parameter ${JSON.stringify(name.slice(0, 64))} here`);
		}
		mustComeOnce(query, name);
	}
	const numbers = {} as Record<Name, number>;
	for (const name of names) {
		const text = query.get(name) ?? "0";
		const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
		mustBeUint32(name, number);
		numbers[name] = number;
	}
	for (const name of times) {
		const text = query.get(name) ?? "0";
		if (!/^\d{1,15}(\.\d{1,9})?$/.test(text)) throw new Refusal("malformed", `${name} must be a time in milliseconds since 1970`);
		numbers[name] = Number(text);
	}
	return numbers;
}

/** The query's page of a list. Throws `Refusal` `invalid`, `malformed`. */
export function takePage(query: URLSearchParams): { readonly after: string; readonly limit: number } {
	mustComeOnce(query, "after");
	const numbers = new URLSearchParams(query);
	numbers.delete("after");
	return { after: query.get("after") ?? "", ...takeNumbers(numbers, ["limit"]) };
}

function mustComeOnce(query: URLSearchParams, name: string): void {
	if (query.getAll(name).length > 1) throw new Refusal("invalid", `the parameter ${name} comes twice`);
}

/** The token of `Authorization: Bearer …`. Throws `Refusal` `unauthenticated`. */
export function bearer(request: Request): string {
	const token = /^Bearer +([!-~]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
	if (token === undefined) throw new Refusal("unauthenticated", "log in first, and send Authorization: Bearer ACCESS-TOKEN");
	return token;
}

/** The client's own trace id (`X-Trace-Id`, or that of a W3C `traceparent`), or a new one. */
export function traceOf(request: Request, charsMax: number, clock: Pick<Clock, "now">, random: Pick<Random, "bytes">): string {
	const given = request.headers.get("x-trace-id");
	if (given !== null && given.length <= charsMax && /^[!-~]+$/.test(given)) return given;
	const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(request.headers.get("traceparent") ?? "");
	return parent?.[1] ?? newId("t", clock, random);
}

async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
	const tooLarge = (): Refusal => new Refusal("too_large", `the body has at most ${bytesMax} bytes`);
	if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge();
	if (request.body === null) return new Uint8Array(0);
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		for await (const chunk of request.body) {
			bytes += chunk.length;
			// Leaving the loop cancels the stream.
			if (bytes > bytesMax) break;
			chunks.push(chunk);
		}
	} catch {
		// The peer is gone or was too slow; this answer is not read.
		throw new Refusal("malformed", "the body was not whole");
	}
	if (bytes > bytesMax) throw tooLarge();
	return Buffer.concat(chunks);
}
