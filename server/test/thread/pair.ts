// Two ports of two threads, here at the two ends of a channel in one thread.
import { systemClock } from "../../src/base/clock.ts";
import { answerCalls, Caller } from "../../src/thread/calls.ts";
import { Port, type ThreadEnd } from "../../src/thread/port.ts";

export interface PortPair {
	readonly near: Port;
	readonly far: Port;
	/** Opens both. */
	open(): void;
	/** Resolves when the other end has taken all that was sent by each. */
	settle(): Promise<void>;
	close(): void;
}

export function portPair(): PortPair {
	const { port1, port2 } = new MessageChannel();
	const [near, far] = [port1, port2].map((end) => new Port(end as ThreadEnd, systemClock)) as [Port, Port];
	const callers = [
		[near, far, "settle far"],
		[far, near, "settle near"],
	].map(([from, to, topic]) => {
		answerCalls(to as Port, topic as string, { ping: () => null });
		return new Caller(from as Port, topic as string);
	});
	return {
		near,
		far,
		open() {
			near.open();
			far.open();
		},
		async settle() {
			await Promise.all(callers.map((caller) => caller.call("ping", [])));
		},
		close() {
			near.close();
			far.close();
			port1.close();
			port2.close();
		},
	};
}
