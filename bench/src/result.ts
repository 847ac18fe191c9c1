/** The result of one measurement: a line of the table, an object of the JSON. Keys that do not apply are absent. */
export interface Result {
	readonly scenario: string;
	/** The measured server. */
	readonly peer: string;
	/** What an acknowledgement guarantees. */
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
	/** The same for the C relay, in the same run. */
	readonly limitCpuUsPerDelivery?: number;
	/** Median over the pairs of ours divided by the relay's. */
	readonly ratioToLimit?: number;
	/** The relay's latencies, in the same run. */
	readonly limitP50Ms?: number | undefined;
	readonly limitP99Ms?: number | undefined;
	/** Bytes of a delivery at a receiver. */
	readonly bytesPerDelivery?: number;
	/** Growth of the server's resident memory per connection. */
	readonly rssBytesPerConnection?: number;
	/** Share of one core that the generator used. */
	readonly generatorCores?: number;
	/** What was missing, doubled, out of order or refused; empty for a valid run. */
	readonly failures: readonly string[];
	/** Further figures of this scenario alone; the name says the unit. */
	readonly more?: Readonly<Record<string, number | string | readonly number[]>>;
}
