// Serves the bundled web page from memory, with its headers. Nothing is read from disk here, so that no path can escape the bundle.
import { noteAnswer } from "./access.ts";
import { COMMON_HEADERS, DATA_HEADERS, pagePolicy } from "./headers.ts";

export interface PageAsset {
	readonly body: Uint8Array<ArrayBuffer> | string | Blob;
	/** The media type, `text/html; charset=utf-8`. */
	readonly type: string;
	/** Quoted, as the header has it; changes with the body. */
	readonly etag: string;
	/** The path changes with the body: it may be cached for ever. */
	readonly immutable: boolean;
}

/** The asset of a path (`/`, `/main.js`), or undefined. May be made on first request. */
export type PageAssets = (path: string) => PageAsset | undefined | Promise<PageAsset | undefined>;

/** Answers GET and HEAD for the page. */
export async function servePage(assets: PageAssets, request: Request, path: string): Promise<Response> {
	if (request.method !== "GET" && request.method !== "HEAD") {
		return textAnswer(405, "This path is for reading.", { allow: "GET, HEAD" });
	}
	const asset = await assets(path);
	if (asset === undefined) return textAnswer(404, "There is nothing here.");
	const headers = {
		...COMMON_HEADERS,
		"content-type": asset.type,
		"content-security-policy": pagePolicy(request.headers.get("host")),
		etag: asset.etag,
		"cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
	};
	if (matches(request.headers.get("if-none-match"), asset.etag)) return new Response(null, { status: 304, headers });
	const packed = /\bgzip\b(?!\s*;\s*q=0(\.0+)?\s*(,|$))/.test(request.headers.get("accept-encoding") ?? "")
		? packedBody(asset)
		: undefined;
	if (packed === undefined) {
		const whole = new Response(request.method === "HEAD" ? null : asset.body, {
			headers: { ...headers, vary: "accept-encoding" },
		});
		return noteAnswer(whole, { bytes: sizeOf(asset.body) });
	}
	// Other bytes than those of the strong tag, the same content: a weak one (RFC 9110, section 8.8.3.3).
	const packedHeaders = { ...headers, etag: `W/${asset.etag}`, "content-encoding": "gzip", vary: "accept-encoding" };
	return noteAnswer(new Response(request.method === "HEAD" ? null : packed, { headers: packedHeaders }), {
		bytes: packed.length,
	});
}

/** Compressed bodies, each made once. Only our own files: an answer with a secret beside an attacker's text would leak it by its length (BREACH). */
const packedBodies = new WeakMap<Uint8Array, Uint8Array<ArrayBuffer>>();
const PACKED_FROM_BYTES = 1_024;

function packedBody({ body, type }: PageAsset): Uint8Array<ArrayBuffer> | undefined {
	if (!(body instanceof Uint8Array) || body.length < PACKED_FROM_BYTES || !/^(text\/|image\/svg)|javascript|json/.test(type))
		return undefined;
	let packed = packedBodies.get(body);
	if (packed === undefined) {
		packed = Bun.gzipSync(body, { level: 9 });
		packedBodies.set(body, packed);
	}
	return packed;
}

function sizeOf(body: PageAsset["body"]): number {
	if (typeof body === "string") return Buffer.byteLength(body);
	return body instanceof Blob ? body.size : body.length;
}

/** An answer in plain text. */
export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
	return new Response(`${text}\n`, {
		status,
		headers: { ...DATA_HEADERS, "content-type": "text/plain; charset=utf-8", ...headers },
	});
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
	if (ifNoneMatch === null) return false;
	return ifNoneMatch.split(",").some((given) => given.trim() === "*" || given.trim().replace(/^W\//, "") === etag);
}
