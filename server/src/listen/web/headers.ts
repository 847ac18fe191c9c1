// What a browser is told about how much it may trust the page: nothing but its own files, no frames around it, no script out of
// a string.

/** For every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
	"x-content-type-options": "nosniff",
	"referrer-policy": "no-referrer",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
};

/** For answers that are no page. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
	...COMMON_HEADERS,
	"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
	"cache-control": "no-store",
};

/** The policy of the page. `host` is the request's Host header: some browsers do not take 'self' for WebSockets. */
export function pagePolicy(host: string | null): string {
	// Whatever else it holds is not written into a header.
	const own = host !== null && /^[a-z0-9.:[\]-]{1,255}$/i.test(host) ? ` ws://${host} wss://${host}` : "";
	return [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		`connect-src 'self'${own}`,
		"img-src 'self' data:",
		"font-src 'self'",
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
	].join("; ");
}
