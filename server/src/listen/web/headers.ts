// Security headers: the page may load only its own files, may not be framed, and may not evaluate strings as scripts.

/** For every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
	"x-content-type-options": "nosniff",
	"referrer-policy": "no-referrer",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
};

/** For answers other than the page. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
	...COMMON_HEADERS,
	"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
	"cache-control": "no-store",
};

/** The page's content security policy. `host` is the request's Host header: in some browsers 'self' does not include WebSockets. */
export function pagePolicy(host: string | null): string {
	// Any other Host could inject into the header.
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
