// A core in a test: the memory store, a virtual clock, and links that record what is written.
import {
	type Command,
	create,
	DecodeError,
	type Down,
	type Entry,
	jsonCodec,
	LIMITS,
	Refusal,
	TIMING,
	type Timing,
	TokensSchema,
	UpSchema,
} from "@verbatim/protocol";
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import type { Accounts, Identity } from "../../src/account/accounts.ts";
import { assembleServer } from "../../src/assemble.ts";
import { SERVER_LIMITS, type ServerLimits } from "../../src/base/limits.ts";
import type { Metrics } from "../../src/base/metrics.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { LocalBus } from "../../src/bus/local.ts";
import type { RunningCore } from "../../src/core.ts";
import type { SessionInput } from "../../src/link/host.ts";
import type { Encoded, Format, Link } from "../../src/link/link.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import type { LevelShedding } from "../../src/overload/shedding.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store, UserRecord } from "../../src/store/store.ts";

type BodyCase = NonNullable<Down["body"]["case"]>;
type BodyValue<C extends BodyCase> = Extract<Down["body"], { case: C }>["value"];

/** The format of the test links: messages as they are. `encoded` counts encodings. */
export class ObjectFormat implements Format {
	readonly name = "test/object";
	readonly codec = "proto";
	encoded = 0;

	encode(down: Down): Encoded {
		this.encoded++;
		return down;
	}

	size(encoded: Encoded): number {
		return JSON.stringify((encoded as Down).body.value ?? {}).length;
	}
}

/** A client as the server sees it: what it was sent, and a kernel buffer that the test can stall. */
export class TestClient implements Link {
	readonly format: Format;
	readonly address = "192.0.2.1";
	readonly resumable: boolean = true;
	readonly received: Down[] = [];
	/** Writes so far: messages of one turn come in one. */
	writes = 0;
	closedAs: string | undefined;
	/** Calls that paused or resumed reading, in order. */
	readonly paused: boolean[] = [];
	private held: Down[] = [];
	private readonly harness: Harness;
	private readonly input: SessionInput;
	private nextId = 1;
	/** The client does not read: everything written is buffered. */
	stalled = false;

	constructor(harness: Harness, format: Format) {
		this.harness = harness;
		this.format = format;
		this.input = harness.core.open(this);
	}

	write(messages: readonly Encoded[]): void {
		this.writes++;
		(this.stalled ? this.held : this.received).push(...(messages as Down[]));
	}

	bufferedBytes(): number {
		return this.held.reduce((bytes, down) => bytes + this.format.size(down), 0);
	}

	pauseReading(paused: boolean): boolean {
		this.paused.push(paused);
		return false;
	}

	close(why: string): void {
		this.closedAs = why;
		this.input.lost();
	}

	/** The client reads again: everything buffered arrives. */
	async read(): Promise<void> {
		this.received.push(...this.held);
		this.held = [];
		this.input.drained();
		await this.harness.clock.settle();
	}

	/** The connection is lost. */
	async lose(): Promise<void> {
		this.input.lost();
		await this.harness.clock.settle();
	}

	/** Sends without waiting; returns the id. */
	put(command: Command, id = this.nextId++, trace = ""): number {
		this.input.receive(create(UpSchema, { id, command, trace }));
		return id;
	}

	/** Sends a message as it comes in JSON. */
	putText(text: string): void {
		try {
			this.input.receive(jsonCodec.decodeUp(text));
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id, 0, cause.trace);
		}
	}

	/** Sends, settles the clock, and returns the answer's body. */
	async ask(command: Command): Promise<Down["body"]> {
		const id = this.put(command);
		await this.harness.clock.settle();
		const answer = this.received.find((down) => down.id === id);
		if (answer === undefined) throw new Error(`no answer to ${command.case}; closed as ${this.closedAs}`);
		return answer.body;
	}

	/** As `ask`, and the answer must be of this case. */
	async want<C extends BodyCase>(wanted: C, command: Command): Promise<BodyValue<C>> {
		const body = await this.ask(command);
		if (body.case !== wanted) throw new Error(`wanted ${wanted}, got ${JSON.stringify(body)}`);
		return body.value as BodyValue<C>;
	}

	/** The error code of the answer. */
	async refusal(command: Command): Promise<string> {
		return (await this.want("failure", command)).code;
	}

	/** What was pushed of one kind. */
	pushed<C extends BodyCase>(wanted: C): BodyValue<C>[] {
		return this.received
			.filter((down) => down.id === 0 && down.body.case === wanted)
			.map((down) => down.body.value as BodyValue<C>);
	}

	/** All entries pushed of a room, in order of arrival. */
	entries(room: string): Entry[] {
		return this.pushed("entries")
			.filter((push) => push.room === room)
			.flatMap((push) => push.entries);
	}

	seqs(room: string): number[] {
		return this.entries(room).map((entry) => entry.seq);
	}
}

export interface HarnessOptions {
	readonly limits?: Partial<ServerLimits>;
	readonly timing?: Partial<Timing>;
	readonly wrap?: (store: Store) => Store;
	/** Default: that of one process. */
	readonly bus?: Bus;
	readonly publishesCommits?: boolean;
	/** For a test that makes the store itself. */
	readonly clock?: VirtualClock;
}

export class Harness {
	readonly clock: VirtualClock;
	readonly random = new SeededRandom(1);
	readonly metrics: Metrics = createMetrics();
	/** The test sets its level. */
	readonly shedding: LevelShedding;
	readonly logged: { readonly level: string; readonly fields: object; readonly msg: string }[] = [];
	readonly format = new ObjectFormat();
	readonly store: Store;
	readonly core: RunningCore;
	readonly ended: string[] = [];

	constructor(options: HarnessOptions = {}) {
		this.clock = options.clock ?? new VirtualClock();
		const store = createMemoryStore({ clock: this.clock, limits: options.limits ?? {} });
		this.store = options.wrap?.(store) ?? store;
		const note = (level: string) => (fields: object, msg: string) => void this.logged.push({ level, fields, msg });
		const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
		const server = assembleServer({
			store: this.store,
			bus: options.bus ?? new LocalBus(),
			...(options.publishesCommits !== undefined && { publishesCommits: options.publishesCommits }),
			accounts: this.accounts(),
			clock: this.clock,
			random: this.random,
			log,
			metrics: this.metrics,
			limits: {
				...SERVER_LIMITS,
				...LIMITS,
				sendsPerSecond: 1e6,
				sendsBurst: 1e6,
				asksPerSecond: 1e6,
				asksBurst: 1e6,
				readBytesPerSecond: 1e9,
				readBytesBurst: 1e9,
				commandsInFlightMax: 10_000,
				...options.limits,
			},
			timing: { ...TIMING, ...options.timing },
			version: "verbatim-test",
		});
		this.core = server.core;
		this.shedding = server.shedding;
	}

	client(format: Format = this.format): TestClient {
		return new TestClient(this, format);
	}

	/** A client that is welcomed as guest `name`, with these cursors. */
	async guest(name: string, cursors: { room: string; epoch: number; seq: number }[] = []): Promise<TestClient> {
		const client = this.client();
		await client.want("welcome", {
			case: "hello",
			value: { credential: { case: "guest", value: { name } }, client: "test", cursors },
		});
		return client;
	}

	/** Accounts of guests by name alone: the same name is the same user. */
	private accounts(): Accounts {
		const users = new Map<string, UserRecord>();
		return {
			authenticate: async (credential): Promise<Identity> => {
				if (credential.case !== "guest") throw new Refusal("credentials_wrong");
				const { name } = credential.value;
				let user = users.get(name);
				if (user === undefined) {
					user = {
						id: `u-${name}`,
						name,
						kind: "guest",
						skeleton: name,
						createdMs: this.clock.now(),
						generation: 0,
						disabled: false,
					};
					const outcome = await this.store.append({ kind: "userCreate", user, nowMs: this.clock.now() });
					if (!outcome.ok) throw new Refusal(outcome.code);
					users.set(name, user);
				}
				return { user };
			},
			refresh: async (token, userId) => {
				if (token !== `refresh:${userId}`) throw new Refusal("token_invalid");
				return create(TokensSchema, {
					access: `access:${userId}`,
					accessExpiresMs: this.clock.now() + 3_600_000,
					refresh: token,
				});
			},
			began: () => undefined,
			ended: (user) => void this.ended.push(user.name),
			byName: async (name) => users.get(name),
		};
	}
}
