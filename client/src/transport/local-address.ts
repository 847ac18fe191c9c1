// Hosts that a device reaches without being online: itself, and what is beside it. Browsers count a device as offline that has no way
// out, though these answer.

/** IPv4: loopback, private, link-local. */
const IPV4 = /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./;
/** IPv6: loopback, unique local, link-local. */
const IPV6 = /^\[(::1\]|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/;

/** `hostname`: as in a parsed URL, so addresses are in their usual form. */
export function isLocal(hostname: string): boolean {
	if (hostname === "localhost" || hostname.endsWith(".localhost")) return true;
	return (/^[\d.]+$/.test(hostname) && IPV4.test(hostname)) || IPV6.test(hostname);
}
