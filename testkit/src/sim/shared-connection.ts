// A connection of two users in turn: the hello of the first is refused late, after its credential was accepted; then a user without rooms
// says hello on it, who must be sent nothing of any room. The tap checks that.

import type { Connection } from "@verbatim/client";
import { type Command, create, type Down, UpSchema } from "@verbatim/protocol";
import { CODECS } from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { ConnectionKind } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";

export interface SharedConnectionParts {
	readonly scheduler: Scheduler;
	readonly network: Network;
	readonly recorder: Recorder;
	readonly chance: Chance;
}

const AGAIN_MS = 50;
const NEXT_USER = "fay";

export class SharedConnection {
	private readonly machine: Machine;
	private readonly connection: Connection;
	private readonly recorder: Recorder;
	private readonly codec: (typeof CODECS)["json"];
	private hellos = 0;
	private over = false;

	/** Connects, and says hello as `user`. */
	constructor(user: string, connection: ConnectionKind, { scheduler, network, recorder, chance }: SharedConnectionParts) {
		const [scheme, codec] = connection.split("/") as ["ws" | "tcp", "json" | "proto"];
		this.machine = new Machine("a shared connection", scheduler, chance, { offsetMs: 0 });
		this.recorder = recorder;
		this.codec = CODECS[codec];
		const route = {
			latencyMs: 5,
			jitterMs: 0,
			capacityBytes: 64_000,
			slices: false,
			corrupt: 0,
			stalledUntilMs: 0,
			deadUntilMs: 0,
		};
		this.connection = network.transport(this.machine, route).open(new URL(`${scheme}://server/ws`), codec, {
			opened: () => this.hello(user),
			frame: (body) => this.received(this.codec.decodeDown(body)),
			damaged() {},
			closed: () => {
				this.over = true;
			},
		});
	}

	/** Goes away. */
	end(): void {
		if (!this.over) this.connection.close();
	}

	private received({ id, body }: Down): void {
		if (body.case === "ping") this.send(0, { case: "pong", value: { nonce: body.value.nonce } });
		if (id !== this.hellos) return;
		if (body.case === "welcome") this.recorder.note(`${body.value.user?.id} is welcomed on a shared connection`);
		if (body.case === "failure") {
			this.recorder.note(`a hello on a shared connection is refused as ${body.value.code}`);
			// Busy, perhaps, or the disk is out of order: once more.
			if (this.hellos > 1) this.machine.after(AGAIN_MS, () => this.hello(NEXT_USER));
			else this.hello(NEXT_USER);
		}
	}

	private hello(name: string): void {
		this.send(++this.hellos, { case: "hello", value: { credential: { case: "guest", value: { name } } } });
	}

	private send(id: number, command: Command): void {
		if (!this.over) this.connection.send(this.codec.encodeUp(create(UpSchema, { id, command })));
	}
}
