// What a scenario gives back. Every figure names the durability mode; a run in which something is missing has failed.
export interface Result {
	readonly scenario: string;
	/** How sure an acknowledgement is: `sqlite synchronous=FULL`. */
	readonly durability: string;
	readonly receivers: number;
	readonly delivered?: number;
	readonly expected?: number;
	readonly deliveriesPerSecond?: number;
	readonly p50Ms?: number;
	readonly p99Ms?: number;
	/** The server's own processor time per delivery. */
	readonly cpuUsPerDelivery?: number;
	/** The server's resident memory per connection, above what it had before they came. */
	readonly rssBytesPerConnection?: number;
	/** Something was missing, doubled or refused. */
	readonly failed: boolean;
}

export const DURABILITY = "sqlite, synchronous=FULL";

/** Flags of a server that is measured, not protected: the load comes from one address and few users. */
export const BENCH_FLAGS: readonly string[] = [
	"--limits.sendsPerSecond",
	"1000000",
	"--limits.sendsBurst",
	"1000000",
	"--limits.connectionsPerAddress",
	"200000",
	"--limits.connections",
	"200000",
	"--limits.opensPerAddressPerSecond",
	"100000",
	"--limits.opensPerAddressBurst",
	"100000",
	"--limits.opensPerSecond",
	"100000",
	"--limits.opensBurst",
	"100000",
	"--limits.loginsPerMinute",
	"1000000",
	"--log.level",
	"error",
];
