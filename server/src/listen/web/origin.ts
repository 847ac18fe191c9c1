// Which web pages may connect. A browser sends its page's origin with each WebSocket and each cross-origin request; other programs send none, and
// are not restricted by this.

export interface Origins {
	/** May a page of `origin` connect? `host` is the request's Host header; null origin: not a browser. */
	allows(origin: string | null, host: string | null): boolean;
	/** Has the operator listed `origin`? Only such pages may read the HTTP API's answers cross-origin. */
	lists(origin: string | null): origin is string;
}

/** `listed`: origins as `https://chat.example.org`, or `*` for all. The server's own origin is always allowed. */
export function createOrigins(listed: readonly string[]): Origins {
	const every = listed.includes("*");
	const known = new Set(listed.map((origin) => urlOf(origin)?.origin).filter((origin) => origin !== undefined));
	const lists = (origin: string | null): origin is string => origin !== null && (every || known.has(urlOf(origin)?.origin ?? ""));
	return {
		lists,
		allows(origin, host) {
			if (origin === null || lists(origin)) return true;
			// By host alone: behind a proxy that terminates TLS, the server does not see the page's scheme.
			return host !== null && urlOf(origin)?.host === host.toLowerCase();
		},
	};
}

function urlOf(origin: string): URL | undefined {
	return URL.canParse(origin) ? new URL(origin) : undefined;
}
