// A connection that several users share, one after the other: the hello of the first is refused late, after its credential was accepted;
// then a user says hello on it who is in no room at all. That one must be sent nothing of any room, which the tap judges.

import type { Connection } from "@verbatim/client";
import { type Command, create, type Down, UpSchema } from "@verbatim/protocol";
import { CODECS } from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { DoorKind } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { World } from "./world.ts";

export interface SharerParts {
	readonly world: World;
	readonly network: Network;
	readonly recorder: Recorder;
	readonly chance: Chance;
}

const AGAIN_MS = 50;
const NEXT_USER = "fay";

export class Sharer {
	private readonly machine: Machine;
	private readonly connection: Connection;
	private readonly recorder: Recorder;
	private readonly codec: (typeof CODECS)["json"];
	private hellos = 0;
	private over = false;

	/** Connects, and says hello as `user`. */
	constructor(user: string, door: DoorKind, { world, network, recorder, chance }: SharerParts) {
		const [scheme, codec] = door.split("/") as ["ws" | "tcp", "json" | "proto"];
		this.machine = new Machine("a shared connection", world, chance, { offsetMs: 0 });
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
			frame: (body) => this.hear(this.codec.decodeDown(body)),
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

	private hear({ id, body }: Down): void {
		if (body.case === "ping") this.say(0, { case: "pong", value: { nonce: body.value.nonce } });
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
		this.say(++this.hellos, { case: "hello", value: { credential: { case: "guest", value: { name } } } });
	}

	private say(id: number, command: Command): void {
		if (!this.over) this.connection.send(this.codec.encodeUp(create(UpSchema, { id, command })));
	}
}
