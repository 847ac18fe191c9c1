// A client on a fake server with a clock that the test moves.
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import { type Client, type ConnectOptions, connect, type Status, type VerbatimError } from "../../src/mod.ts";
import { FakeServer, T0 } from "./fake-server.ts";

export interface Bench {
	readonly server: FakeServer;
	readonly clock: VirtualClock;
	readonly client: Client;
	readonly statuses: Status[];
	readonly problems: VerbatimError[];
}

/** Each client its own chance, or two would make the same ids. */
let seed = 1;

export function startClient(
	options: Partial<ConnectOptions> = {},
	server = new FakeServer(),
	clock = new VirtualClock(T0),
): Bench {
	server.now = clock.now;
	const client = connect({
		endpoints: "memory://one",
		credential: { guest: "ann" },
		transports: [server.transport],
		clock,
		random: new SeededRandom(seed++),
		...options,
	});
	const statuses: Status[] = [];
	const problems: VerbatimError[] = [];
	client.on("status", (status) => statuses.push(status));
	client.on("problem", (problem) => problems.push(problem));
	return { server, clock, client, statuses, problems };
}

/** Started and welcomed. */
export async function liveClient(
	options: Partial<ConnectOptions> = {},
	server?: FakeServer,
	clock?: VirtualClock,
): Promise<Bench> {
	const bench = startClient(options, server, clock);
	await bench.clock.settle();
	if (bench.client.status.state !== "live") throw new Error(`not live but ${JSON.stringify(bench.client.status)}`);
	return bench;
}

/** The error that `promise` rejects with, once the clock has stood still. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
	return promise.then(
		() => {
			throw new Error("it should have failed");
		},
		(error: unknown) => error,
	);
}
