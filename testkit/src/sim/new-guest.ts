// A guest that connects for the first time and whose first welcomes are lost: with the connection, silently, or because the program dies.
// It keeps its tokens and its key, and must stay one guest: every welcome names the same user, and its name is never refused to it.
import { type Client, type Connection, type ConnectionEvents, connect, memoryTokens, type Transport } from "@verbatim/client";
import { type CodecName, jsonCodec, protoCodec } from "@verbatim/protocol";
import type { Chance } from "./chance.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { ConnectionKind } from "./options.ts";
import type { Route } from "./pipe.ts";
import type { Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";
import { SIM_TIMING } from "./timing.ts";

/** What becomes of a welcome and its connection: `early` cuts it while the hello is being carried out, `crash` ends the program as well. */
export const WELCOME_LOSSES = ["cut", "silent", "crash", "early"] as const;
export type WelcomeLoss = (typeof WELCOME_LOSSES)[number];

export interface NewGuestOptions {
	readonly who: number;
	readonly connection: ConnectionKind;
	/** One for each of its first welcomes. */
	readonly losses: readonly WelcomeLoss[];
}

export interface NewGuestParts {
	readonly scheduler: Scheduler;
	readonly network: Network;
	readonly recorder: Recorder;
	readonly chance: Chance;
}

const PREFIX = "new-";
/** A program that has died is started again after this, ms. */
const AGAIN_MS = 80;
const LATENCY_MS = 5;
/** After a hello was sent: it has come, and no welcome can be here yet. */
const CARRIED_OUT_MS = 1.6 * LATENCY_MS;

/** Is this the name of one? */
export function isNewGuest(name: string): boolean {
	return name.startsWith(PREFIX);
}

export class NewGuest {
	private readonly options: NewGuestOptions;
	private readonly parts: NewGuestParts;
	private readonly name: string;
	private readonly route: Route;
	private readonly tokens = memoryTokens();
	private readonly losses: WelcomeLoss[];
	private machine: Machine | undefined;
	private client: Client | undefined;
	private readonly clients: Client[] = [];
	private lives = 0;
	/** The user that the server has welcomed it as. */
	private user = "";
	/** The server's data was set back: it may have forgotten this guest. */
	private mayBeForgotten = false;

	constructor(options: NewGuestOptions, parts: NewGuestParts) {
		this.options = options;
		this.parts = parts;
		this.name = `${PREFIX}${options.who}`;
		this.losses = [...options.losses];
		this.route = {
			latencyMs: LATENCY_MS,
			jitterMs: 0,
			capacityBytes: 64_000,
			slices: false,
			corrupt: 0,
			stalledUntilMs: 0,
			deadUntilMs: 0,
		};
		this.start();
	}

	/** What it waits for; empty once it is in. */
	get waitsFor(): string {
		return this.client?.status.state === "live" ? "" : `${this.name} waits to be let in`;
	}

	/** The server's data is that of a backup now. */
	restored(): void {
		this.mayBeForgotten = true;
	}

	/** Nothing is lost any more. */
	heal(): void {
		this.losses.length = 0;
		if (this.machine?.alive !== true) this.start();
	}

	dispose(): void {
		for (const client of this.clients) void client.close();
	}

	private start(): void {
		const { scheduler, network, chance, recorder } = this.parts;
		const machine = new Machine(`${this.name}/${++this.lives}`, scheduler, chance.fork(`life ${this.lives}`), { offsetMs: 0 });
		const [scheme, codec] = this.options.connection.split("/") as ["ws" | "tcp", CodecName];
		this.machine = machine;
		const client = connect({
			endpoints: `${scheme}://server/ws`,
			codec,
			credential: { guest: this.name },
			tokens: this.tokens,
			transports: [this.losing(machine, network.transport(machine, this.route))],
			timing: SIM_TIMING,
			clock: machine,
			random: machine,
		});
		this.client = client;
		this.clients.push(client);
		client.on("status", (status) => {
			if (machine.alive && status.state === "stopped" && status.why !== "closed")
				recorder.fault(`${this.name} has stopped`, status.why);
		});
	}

	/** The transport, but for the welcomes that do not come out of it. */
	private losing(machine: Machine, { schemes, open }: Transport): Transport {
		const saidHello = (): void => {
			if (this.losses[0] !== "early") return;
			this.losses.shift();
			this.parts.recorder.note(`a welcome of ${this.name} is lost: early`);
			machine.after(CARRIED_OUT_MS, () => {
				for (const wire of this.parts.network.of(machine)) wire.cut(false);
			});
		};
		const hear = (codec: CodecName, events: ConnectionEvents, body: Uint8Array | string): void => {
			const down = (codec === "json" ? jsonCodec : protoCodec).decodeDown(body).body;
			if (down.case === "welcome") {
				this.welcomed(down.value.user?.id ?? "");
				const loss = this.losses.shift();
				if (loss !== undefined) {
					this.lose(machine, loss);
					return;
				}
			}
			events.frame(body);
		};
		return {
			schemes,
			open(endpoint, codec, events): Connection {
				const connection = open(endpoint, codec, { ...events, frame: (body) => hear(codec, events, body) });
				let hasSaidHello = false;
				return {
					...connection,
					send(body) {
						connection.send(body);
						if (!hasSaidHello) saidHello();
						hasSaidHello = true;
					},
				};
			},
		};
	}

	private welcomed(user: string): void {
		const { recorder } = this.parts;
		recorder.note(`${this.name} is welcomed as ${user}`);
		if (this.user !== "" && this.user !== user && !this.mayBeForgotten)
			recorder.fault(this.name, `was ${this.user}, and is welcomed as another guest, ${user}`);
		this.user = user;
	}

	private lose(machine: Machine, loss: WelcomeLoss): void {
		const { scheduler, network, recorder } = this.parts;
		recorder.note(`a welcome of ${this.name} is lost: ${loss}`);
		// What follows it on this connection is of no use without it.
		if (loss === "silent") for (const wire of network.of(machine)) wire.blacken(false, true);
		else for (const wire of network.of(machine)) wire.cut(false);
		if (loss !== "crash") return;
		machine.kill();
		scheduler.at(scheduler.nowMs + AGAIN_MS, () => {
			if (this.machine === machine) this.start();
		});
	}
}
