// Resolves a host name: by the system's resolver, else by the configured DNS servers, else to the last address that worked.
import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { ConnectError, TransportError } from "../base/errors.ts";

/** Time-out of one resolver. */
const RESOLVE_MS = 2_500;

/** Failed addresses remembered at once. */
const FAILURES_MAX = 256;

export class Addresses {
	private readonly resolver: Resolver | undefined;
	private readonly ask: (host: string) => Promise<readonly string[]>;
	private readonly lastGood = new Map<string, string>();
	/** The number of each address's last failure, counted over all addresses; removed when it works. */
	private readonly failures = new Map<string, number>();
	private failed = 0;

	/** `servers`: DNS servers to query when the system's resolver fails. `ask`: the system's resolver; tests replace it. */
	constructor(servers: readonly string[], ask = askSystem) {
		this.ask = ask;
		if (servers.length === 0) return;
		this.resolver = new Resolver({ timeout: RESOLVE_MS, tries: 1 });
		this.resolver.setServers([...servers]);
	}

	/**
	 * Returns at least one address, or rejects with a `ConnectError`. Order: the last that worked, then untried ones, then failed ones
	 * from the oldest failure to the newest, so that an attempt that ends early does not retry the same addresses.
	 */
	async of(host: string): Promise<readonly string[]> {
		if (isIP(host) !== 0) return [host];
		const good = this.lastGood.get(host);
		const causes: unknown[] = [];
		for (const ask of [this.ask, (name: string) => this.askConfigured(name)]) {
			try {
				const found = await within(RESOLVE_MS, ask(host));
				if (found.length === 0) continue;
				const goodFirst = good !== undefined && found.includes(good) ? [good, ...found.filter((other) => other !== good)] : found;
				const failure = (address: string): number => this.failures.get(address) ?? 0;
				return [...goodFirst].sort((a, b) => failure(a) - failure(b));
			} catch (cause) {
				causes.push(cause);
			}
		}
		if (good !== undefined) return [good];
		throw new ConnectError("dns", host, "no address was found for this name", { cause: new AggregateError(causes) });
	}

	/** A connection to `host` was opened at `address`. */
	worked(host: string, address: string): void {
		this.lastGood.set(host, address);
		this.failures.delete(address);
	}

	/** No connection could be opened at `address`. */
	didNotWork(address: string): void {
		this.failures.delete(address);
		this.failures.set(address, ++this.failed);
		const [oldest] = this.failures.keys();
		if (this.failures.size > FAILURES_MAX && oldest !== undefined) this.failures.delete(oldest);
	}

	private async askConfigured(host: string): Promise<readonly string[]> {
		const { resolver } = this;
		if (resolver === undefined) return [];
		const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
		const addresses = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
		const [first] = found;
		if (addresses.length === 0 && first.status === "rejected") throw first.reason;
		return addresses;
	}
}

async function askSystem(host: string): Promise<readonly string[]> {
	return (await lookup(host, { all: true })).map(({ address }) => address);
}

function within<T>(ms: number, task: Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new TransportError(`the resolver gave no answer within ${ms} ms`)), ms);
		task.then(resolve, reject).finally(() => clearTimeout(timer));
	});
}
