/** What an acknowledgement of the measured server guarantees. */
export const DURABILITY = "sqlite, synchronous=FULL";

/** The same, for a server on `store`. */
export function durabilityOf(store: string): string {
	return store === "sqlite" ? DURABILITY : "PostgreSQL, synchronous_commit=on";
}

/** Lifts the limits on rates and addresses: all load comes from one address and few users. */
export const BENCH_FLAGS: readonly string[] = Object.entries({
	"limits.sendsPerSecond": 1_000_000,
	"limits.sendsBurst": 1_000_000,
	"limits.asksPerSecond": 1_000_000,
	"limits.asksBurst": 1_000_000,
	"limits.readBytesPerSecond": 1_000_000_000,
	"limits.readBytesBurst": 1_000_000_000,
	"limits.connectionsPerAddress": 200_000,
	"limits.connections": 200_000,
	"limits.opensPerAddressPerSecond": 100_000,
	"limits.opensPerAddressBurst": 100_000,
	"limits.opensPerSecond": 100_000,
	"limits.opensBurst": 100_000,
	"limits.loginsPerMinute": 1_000_000,
	"log.level": "error",
}).flatMap(([name, value]) => [`--${name}`, String(value)]);
