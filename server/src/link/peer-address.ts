// The peer's address without port, in one spelling, also behind trusted proxies.
import { BlockList, isIP } from "node:net";

/** The address of a peer on a Unix socket. */
export const UNIX_PEER = "unix";

/** Hops of X-Forwarded-For that are read, from its end: more than any real chain has. */
const HOPS_MAX = 16;

/** The transport's address of the peer, in one spelling: IPv4 over an IPv6 socket is IPv4. */
export function peerAddress(remote: string | undefined | null): string {
	if (remote === undefined || remote === null || remote === "") return UNIX_PEER;
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remote);
	return mapped?.[1] ?? remote.toLowerCase();
}

/** Trusted proxies. */
export interface Proxies {
	/**
	 * The peer behind `direct` (from `peerAddress`): the last hop of X-Forwarded-For that is no trusted proxy itself. That hop could have forged
	 * all before it.
	 */
	peerBehind(direct: string, forwardedFor: string | null): string;
}

/** `trusted`: addresses, networks as `10.0.0.0/8`, or `unix`. Throws `RangeError` for anything else. */
export function createProxies(trusted: readonly string[]): Proxies {
	const networks = new BlockList();
	let unix = false;
	for (const entry of trusted) {
		if (entry === UNIX_PEER) unix = true;
		else addNetwork(networks, entry);
	}
	const believes = (address: string): boolean => {
		if (address === UNIX_PEER) return unix;
		const version = isIP(address);
		return version !== 0 && networks.check(address, version === 6 ? "ipv6" : "ipv4");
	};
	return {
		peerBehind(direct, forwardedFor) {
			if (forwardedFor === null || trusted.length === 0) return direct;
			let peer = direct;
			for (const hop of forwardedFor.split(",").slice(-HOPS_MAX).reverse()) {
				if (!believes(peer)) break;
				const address = hopAddress(hop.trim());
				// Unreadable: the proxy that added it is the last known hop.
				if (address === undefined) break;
				peer = address;
			}
			return peer;
		},
	};
}

function addNetwork(networks: BlockList, entry: string): void {
	const [address = "", bits, ...rest] = entry.split("/");
	const version = isIP(address);
	const bitsMax = version === 6 ? 128 : 32;
	const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
	if (version === 0 || rest.length > 0 || prefix < 0 || prefix > bitsMax) {
		throw new RangeError(`${JSON.stringify(entry)} is no address and no network like 10.0.0.0/8`);
	}
	networks.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
}

/** `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]:567`. */
function hopAddress(hop: string): string | undefined {
	const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
	return isIP(bare) === 0 ? undefined : peerAddress(bare);
}
