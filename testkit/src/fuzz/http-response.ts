// A strict parser of HTTP responses: what a lenient one would accept is a failure here.
import { must } from "./target.ts";

export interface HttpResponse {
	readonly status: number;
	/** By name in small letters; a name that may come once comes once. */
	readonly headers: ReadonlyMap<string, string>;
	readonly body: string;
}

/** The first whole answer in `received`, or undefined. Throws `Broken` for what is no HTTP. */
export function responseIn(received: Buffer, withoutBody: boolean): HttpResponse | undefined {
	const end = received.indexOf("\r\n\r\n");
	if (end < 0) return undefined;
	const [first = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
	const status = Number(/^HTTP\/1\.1 (\d{3})( [ -~]*)?$/.exec(first)?.[1]);
	must(status >= 100 && status < 600, () => `no status line: ${JSON.stringify(first.slice(0, 100))}`);
	const headers = new Map<string, string>();
	for (const line of lines) {
		const [, name = "", value = ""] = /^([A-Za-z0-9-]+): ?([ -~]*)$/.exec(line) ?? [];
		must(name !== "", () => `no header line: ${JSON.stringify(line.slice(0, 200))}`);
		must(!ONCE.has(name.toLowerCase()) || !headers.has(name.toLowerCase()), () => `${name} comes twice`);
		headers.set(name.toLowerCase(), value);
	}
	const start = end + 4;
	// "Go on", and the answer follows.
	if (status === 100) return responseIn(received.subarray(start), withoutBody);
	const bodyless = withoutBody || status < 200 || status === 204 || status === 304;
	const length = bodyless ? 0 : Number(headers.get("content-length") ?? 0);
	must(Number.isSafeInteger(length), () => `a length that is none: ${headers.get("content-length")}`);
	must(headers.get("transfer-encoding") === undefined, "an answer in chunks");
	if (received.length < start + length) return undefined;
	return { status, headers, body: received.subarray(start, start + length).toString("utf8") };
}

const ONCE: ReadonlySet<string> = new Set([
	"content-length",
	"content-type",
	"x-trace-id",
	"x-content-type-options",
	"access-control-allow-origin",
]);
