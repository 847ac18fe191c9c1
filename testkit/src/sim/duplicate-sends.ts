// Copies of a send that was refused for good: they stand in an older connection of the user, or come over a new one or the HTTP API, and
// arrive when what was missing (a membership, a room, a user) is there. Each must be refused as the first was, and none carried out.
import type { Connection } from "@verbatim/client";
import { type Command, create, type Down, isErrorCode, isFinal, UpSchema } from "@verbatim/protocol";
import { CODECS } from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { ConnectionKind } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";

/** Why the send is refused at first: what is not there. */
export const OBSTACLES = ["membership", "room", "user"] as const;

export interface DuplicateOptions {
	readonly who: number;
	readonly connection: ConnectionKind;
	readonly obstacle: (typeof OBSTACLES)[number];
	/** Of the copies that follow. */
	readonly delaysMs: readonly number[];
}

export interface DuplicateParts {
	readonly scheduler: Scheduler;
	readonly network: Network;
	readonly recorder: Recorder;
	readonly chance: Chance;
	/** The id of the room of this name. */
	roomNamed(name: string): string | undefined;
	/** One command without a session, as the HTTP API runs it. */
	request(user: string, command: Command, answered: (body: Down["body"] | Error) => void): void;
}

const AGAIN_MS = 40;
const TEXT = "refused for good";

export class DuplicateSends {
	private readonly options: DuplicateOptions;
	private readonly parts: DuplicateParts;
	private readonly machine: Machine;
	private readonly name: string;
	private readonly cid: string;
	/** The room's name, as it is or will be. */
	private readonly roomName: string;
	private readonly connections: RawConnection[] = [];
	private refusedAs: string | undefined;
	private isOver = false;

	constructor(options: DuplicateOptions, roomName: string, parts: DuplicateParts) {
		this.options = options;
		this.parts = parts;
		this.name = `repeater${options.who}`;
		this.cid = `copied-${options.who}`;
		this.roomName = options.obstacle === "room" ? `room-of-${this.name}` : roomName;
		this.machine = new Machine(this.name, parts.scheduler, parts.chance.fork("machine"), { offsetMs: 0 });
		const room = parts.roomNamed(this.roomName) ?? "";
		if (options.obstacle === "membership" && room === "") {
			this.isOver = true;
			return;
		}
		parts.recorder.add({ kind: "invoke", session: this.name, user: `u-${this.name}`, room, cid: this.cid, text: TEXT });
		const older = this.connect(this.name, () => {
			const newer = this.connect(this.name, () => this.first(older, newer));
		});
	}

	/** It says nothing more: the phase of faults is over, or the server's data is that of a backup. */
	end(): void {
		if (!this.isOver && this.refusedAs === undefined)
			this.parts.recorder.add({ kind: "unknown", session: this.name, cid: this.cid });
		this.isOver = true;
		for (const connection of this.connections) connection.end();
	}

	/** Says it over the newer connection until it is refused for good. */
	private first(older: RawConnection, newer: RawConnection): void {
		this.over(newer, this.send, (code) => {
			if (code === undefined || !isErrorCode(code)) return;
			if (!isFinal(code)) {
				this.later(AGAIN_MS, () => this.first(older, newer));
				return;
			}
			this.refusedAs = code;
			this.parts.recorder.add({ kind: "fail", session: this.name, cid: this.cid, code });
			this.provide(newer, () => {
				for (const ms of this.options.delaysMs) this.later(ms, () => this.repeat(older));
			});
		});
	}

	/** Makes possible what was refused. */
	private provide(connection: RawConnection, done: () => void): void {
		if (this.options.obstacle === "user") {
			this.connect(`peer-of-${this.name}`, done);
			return;
		}
		const join: Command = { case: "join", value: { room: `#${this.roomName}`, create: true } };
		this.over(connection, join, (code) => {
			if (code === undefined) done();
			else this.later(AGAIN_MS, () => this.provide(connection, done));
		});
	}

	private repeat(older: RawConnection): void {
		const { parts, refusedAs } = this;
		const judge = (code: string | undefined): void => {
			if (code === refusedAs) return;
			// Not now, or the session has ended: neither says what becomes of it.
			if (code !== undefined && (!isErrorCode(code) || !isFinal(code))) return;
			parts.recorder.fault(this.name, `was refused as ${refusedAs}, and a copy is answered ${code ?? "as sent"}`);
		};
		const way = parts.chance.pick(["older", "older", "new", "http"] as const);
		if (way === "http") {
			parts.request(`u-${this.name}`, this.send, (body) => {
				if (body instanceof Error) judge("code" in body ? String(body.code) : "internal");
				else judge(body.case === "failure" ? body.value.code : undefined);
			});
		} else if (way === "older" && !older.over) this.over(older, this.send, judge);
		else {
			const connection = this.connect(this.name, () => this.over(connection, this.send, judge));
		}
	}

	private get send(): Command {
		const room = this.options.obstacle === "user" ? `@peer-of-${this.name}` : `#${this.roomName}`;
		return { case: "send", value: { room, cid: this.cid, text: TEXT } };
	}

	/** The code of the failure, or none. */
	private over(connection: RawConnection, command: Command, answered: (code: string | undefined) => void): void {
		if (this.isOver) return;
		connection.ask(command, (body) => {
			if (!this.isOver) answered(body.case === "failure" ? body.value.code : undefined);
		});
	}

	private connect(name: string, welcomed: () => void): RawConnection {
		const connection = new RawConnection(name, this.options.connection, this.machine, this.parts, () => {
			if (!this.isOver) welcomed();
		});
		this.connections.push(connection);
		if (this.isOver) connection.end();
		return connection;
	}

	private later(ms: number, task: () => void): void {
		this.machine.after(ms, () => {
			if (!this.isOver) task();
		});
	}
}

/** A connection that says hello until it is welcomed, and does not come back. */
class RawConnection {
	over = false;
	private readonly connection: Connection;
	private readonly codec: (typeof CODECS)["json"];
	private readonly machine: Machine;
	private readonly waiting = new Map<number, (body: Down["body"]) => void>();
	private ids = 0;

	constructor(name: string, kind: ConnectionKind, machine: Machine, { network }: DuplicateParts, welcomed: () => void) {
		const [scheme, codec] = kind.split("/") as ["ws" | "tcp", "json" | "proto"];
		this.machine = machine;
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
		const hello = (): void => {
			this.ask({ case: "hello", value: { credential: { case: "guest", value: { name } } } }, ({ case: answer }) => {
				if (answer === "welcome") welcomed();
				else this.machine.after(AGAIN_MS, hello);
			});
		};
		this.connection = network.transport(machine, route).open(new URL(`${scheme}://server/ws`), codec, {
			opened: hello,
			frame: (body) => this.received(this.codec.decodeDown(body)),
			damaged() {},
			closed: () => {
				this.over = true;
			},
		});
	}

	end(): void {
		if (!this.over) this.connection.close();
	}

	ask(command: Command, answered: (body: Down["body"]) => void): void {
		const id = ++this.ids;
		this.waiting.set(id, answered);
		this.say(id, command);
	}

	private received({ id, body }: Down): void {
		if (body.case === "ping") this.say(0, { case: "pong", value: { nonce: body.value.nonce } });
		const answered = this.waiting.get(id);
		this.waiting.delete(id);
		answered?.(body);
	}

	private say(id: number, command: Command): void {
		if (!this.over) this.connection.send(this.codec.encodeUp(create(UpSchema, { id, command })));
	}
}
