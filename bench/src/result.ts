/** What one measurement gives back: a line of the table, an object of the JSON. Keys that do not apply are absent. */
export interface Result {
	readonly scenario: string;
	/** Whose figures these are. */
	readonly peer: string;
	/** How sure an acknowledgement is. */
	readonly durability: string;
	readonly receivers?: number;
	readonly delivered?: number;
	readonly expected?: number;
	readonly deliveriesPerSecond?: number;
	readonly ackedPerSecond?: number;
	readonly p50Ms?: number | undefined;
	readonly p99Ms?: number | undefined;
	/** The server's own processor time per delivery, all its threads. */
	readonly cpuUsPerDelivery?: number;
	/** The same of the C relay, in the same run. */
	readonly limitCpuUsPerDelivery?: number;
	/** Median over the pairs of ours divided by the relay's. */
	readonly ratioToLimit?: number;
	/** The relay's latencies, in the same run. */
	readonly limitP50Ms?: number | undefined;
	readonly limitP99Ms?: number | undefined;
	/** Bytes of a delivery at a receiver. */
	readonly bytesPerDelivery?: number;
	/** The server's resident memory per connection, above what it had before they came. */
	readonly rssBytesPerConnection?: number;
	/** Share of one core that the generator used. */
	readonly generatorCores?: number;
	/** What was missing, doubled, disordered or refused; empty for a run that counts. */
	readonly failures: readonly string[];
	/** Further figures of this scenario alone; the name says the unit. */
	readonly more?: Readonly<Record<string, number | string | readonly number[]>>;
}
