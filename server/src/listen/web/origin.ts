// Which web pages may talk to this server. A browser says with each WebSocket and each foreign request which origin its page
// has; programs that are no browsers say nothing, and are not what this guards against.

export interface Origins {
	/** May a page of `origin` come in? `host` is the request's own Host header; null origin: no browser. */
	allows(origin: string | null, host: string | null): boolean;
	/** Is `origin` one that the operator has listed? Only such pages may read the HTTP API's answers from elsewhere. */
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
			// By host alone: behind a proxy that ends TLS the scheme that the server sees is not the page's.
			return host !== null && urlOf(origin)?.host === host.toLowerCase();
		},
	};
}

function urlOf(origin: string): URL | undefined {
	return URL.canParse(origin) ? new URL(origin) : undefined;
}
