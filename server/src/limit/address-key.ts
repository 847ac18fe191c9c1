// Rate limits by address count an IPv4 address, or the /64 of an IPv6 address: one customer usually owns a whole /64 and could rotate through it.

/** The key under which `address` is limited; what is no IP address (`unix`) is its own key. */
export function addressKey(address: string): string {
	const bare = address.replace(/%.*$/, "").toLowerCase();
	if (!bare.includes(":")) return bare;
	const mapped = /^(?:0*:)*:?(?:0*:)*ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
	if (mapped !== undefined) return mapped;
	const [head = "", tail] = bare.split("::");
	const front = head === "" ? [] : head.split(":");
	const back = tail === undefined || tail === "" ? [] : tail.split(":");
	const zeros = Math.max(0, 8 - front.length - back.length);
	const groups = [...front, ...Array<string>(tail === undefined ? 0 : zeros).fill("0"), ...back];
	return `${groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ""))
		.join(":")}::/64`;
}
