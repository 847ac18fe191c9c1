// How a client's application reads its rooms and records what it gets: by `entries`, with a cursor that it keeps over restarts, or by
// events. A reading is one way through one room from a join to a leave; the next one begins at the cursor.
import { EpochError, type Room } from "@verbatim/client";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import type { ClientOptions } from "./options.ts";
import { factsOf, type Recorder } from "./recorder.ts";

export interface ReadingsPort {
	readonly recorder: Recorder;
	readonly chance: Chance;
	/** The process of the present life. */
	readonly process: Machine | undefined;
	/** Is this room, this very object, one that the client is in? */
	holds(room: Room): boolean;
	/** Something was thrown. */
	expected(cause: unknown): void;
}

interface Reading {
	readonly name: string;
	readonly room: Room;
	epoch: number;
	ended: boolean;
}

type Why = "far" | "epoch" | "trimmed";

export class Readings {
	private readonly options: ClientOptions;
	private readonly user: string;
	private readonly port: ReadingsPort;
	/** The newest reading of each room. */
	private readonly newest = new Map<string, Reading>();
	/** All that have not ended. */
	private readonly open = new Set<Reading>();
	/** Where the application stands in each room. */
	private readonly places = new Map<string, { readonly epoch: number; readonly seq: number }>();
	private count = 0;

	constructor(options: ClientOptions, user: string, port: ReadingsPort) {
		this.options = options;
		this.user = user;
		this.port = port;
	}

	/** Begins to read a room that was just entered, until it is left or the signal. */
	begin(room: Room, signal: AbortSignal): void {
		const reading = { name: `${this.options.name}/${room.name}#${++this.count}`, room, epoch: room.epoch, ended: false };
		this.newest.set(room.id, reading);
		this.open.add(reading);
		if (this.options.read === "events") this.byEvents(reading);
		else void this.byEntries(reading, this.options.read === "fill", signal);
	}

	/** The room was left. What `entries` has still to give comes all the same. */
	left(room: Room): void {
		const reading = this.newest.get(room.id);
		if (reading !== undefined && this.options.read === "events") this.end(reading);
	}

	/** The program is over. */
	over(): void {
		for (const reading of [...this.open]) this.end(reading);
	}

	/** Up to where the room was read; undefined if nobody reads it. */
	at(room: Room): number | undefined {
		if (!this.newest.has(room.id)) return undefined;
		return this.options.read === "events" ? room.to : (this.places.get(room.id)?.seq ?? 0);
	}

	/** Readings of rooms that were left and still have something to give. */
	get leftOver(): number {
		let count = 0;
		for (const reading of this.open) if (this.newest.get(reading.room.id) !== reading) count++;
		return count;
	}

	private byEvents(reading: Reading): void {
		const { room } = reading;
		this.resume(reading, room.to);
		room.on("entry", (entry) => this.recv(reading, entry));
		room.on("skipped", ({ from, to, reason }) => this.skipped(reading, from, to, reason));
	}

	private async byEntries(reading: Reading, fill: boolean, signal: AbortSignal): Promise<void> {
		const { room } = reading;
		const { process } = this.port;
		const place = this.places.get(room.id);
		let after = place?.epoch === room.epoch ? place.seq : this.options.fromFirst ? 0 : room.to;
		while (!signal.aborted) {
			reading.epoch = room.epoch;
			this.resume(reading, after);
			this.keepPlace(reading, after);
			try {
				for await (const item of room.entries({ after, fill, signal })) {
					if (process?.alive !== true || reading.ended) return;
					if ("skipped" in item && fill) throw new Error("a reading that was to miss nothing was told of a skip");
					if ("skipped" in item) this.skipped(reading, item.skipped.from, item.skipped.to, item.skipped.reason);
					else this.recv(reading, item);
					if (this.options.thinkMs > 0 && this.port.chance.hit(0.3)) await this.think(process);
				}
				break;
			} catch (cause) {
				if (!(cause instanceof EpochError)) {
					this.port.expected(cause);
					break;
				}
				// Left meanwhile: another reading begins when it is joined again.
				if (!this.port.holds(room)) break;
				// The application reads the new log from its first entry.
				this.skipped(reading, 1, 0, "epoch");
				after = 0;
			}
		}
		this.end(reading);
	}

	private think(process: Machine): Promise<void> {
		return new Promise((resolve) => void process.after(this.options.thinkMs * this.port.chance.float(), resolve));
	}

	private resume({ name, room, epoch }: Reading, after: number): void {
		const { user, options } = this;
		this.port.recorder.add({ kind: "resume", reading: name, session: options.name, user, room: room.id, epoch, after });
	}

	private recv(reading: Reading, entry: Parameters<typeof factsOf>[0]): void {
		const { name, room, epoch } = reading;
		this.port.recorder.add({ kind: "recv", reading: name, room: room.id, epoch, entry: factsOf(entry) });
		this.keepPlace(reading, entry.seq);
	}

	private skipped(reading: Reading, from: number, to: number, why: Why): void {
		const { name, room } = reading;
		if (why === "epoch") reading.epoch = room.epoch;
		this.port.recorder.add({ kind: "skipped", reading: name, room: room.id, epoch: reading.epoch, from, to, why });
		this.keepPlace(reading, to);
	}

	private end(reading: Reading): void {
		if (reading.ended) return;
		reading.ended = true;
		this.open.delete(reading);
		if (this.newest.get(reading.room.id) === reading) this.newest.delete(reading.room.id);
		this.port.recorder.add({ kind: "ended", reading: reading.name });
	}

	/** A reading of a room that was left goes on to its end, but no further reading follows from it. */
	private keepPlace(reading: Reading, seq: number): void {
		const { room, epoch } = reading;
		if (this.newest.get(room.id) === reading) this.places.set(room.id, { epoch, seq });
	}
}
