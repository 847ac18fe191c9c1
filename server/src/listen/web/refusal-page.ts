// A refusal as an HTML page, for a user who opens an address in a browser. It reloads itself when the request may be retried.
import { ERRORS, type Refusal } from "@verbatim/protocol";
import { noteAnswer } from "./access.ts";
import { DATA_HEADERS } from "./headers.ts";

const STYLE = "body{max-width:32rem;margin:20vh auto;padding:0 1.5rem;font:1rem/1.5 system-ui,sans-serif}h1{font-size:1.375rem}";
const STYLE_HASH = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");

/** Does the request look like a browser's navigation? */
export function asksForDocument(request: Request): boolean {
	return request.method === "GET" && /\btext\/html\b/i.test(request.headers.get("accept") ?? "");
}

/** The refusal as a page that reloads itself after its `retryAfterMs`, which must be set. */
export function refusalPage({ code, message, retryAfterMs }: Refusal): Response {
	const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
	const facts = ERRORS[code];
	const sentence = escaped(message.charAt(0).toUpperCase() + message.slice(1));
	const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="${seconds}">
<title>Verbatim: one moment</title>
<style>${STYLE}</style>
<h1>Verbatim cannot let you in just now</h1>
<p>${sentence}.
<p>This page tries again by itself in ${seconds} ${seconds === 1 ? "second" : "seconds"}.
</html>
`;
	const response = new Response(html, {
		status: facts.status,
		headers: {
			...DATA_HEADERS,
			"content-type": "text/html; charset=utf-8",
			"content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'`,
			"retry-after": String(seconds),
		},
	});
	return noteAnswer(response, { code, bytes: Buffer.byteLength(html) });
}

function escaped(text: string): string {
	return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
