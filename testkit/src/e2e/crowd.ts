// Many connections at once that send one thing, or nothing, and stay open.
import type { Socket } from "bun";
import { Waiting } from "./waiting.ts";

/** Only the beginning of what each receives is kept. */
const HEARD_BYTES_MAX = 2_048;
/** Connections being opened at the same time. */
const AT_ONCE = 100;

interface Member {
	heard: string;
	over: boolean;
	socket: Socket<Member> | undefined;
}

export class Crowd {
	private readonly members: Member[] = [];
	private readonly waiting = new Waiting();

	/** Opens `count` connections to a local port; each sends `says` at once. */
	static async gather(port: number, count: number, says = ""): Promise<Crowd> {
		const crowd = new Crowd();
		for (let left = count; left > 0; left -= AT_ONCE) {
			await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => crowd.add(port, says)));
		}
		return crowd;
	}

	get size(): number {
		return this.members.length;
	}

	/** What each has received, from its beginning. */
	get heard(): readonly string[] {
		return this.members.map(({ heard }) => heard);
	}

	/** Number of closed connections. */
	get over(): number {
		return this.members.filter(({ over }) => over).length;
	}

	/** Resolves when `holds` for the crowd. */
	until(holds: (crowd: Crowd) => boolean, what: string): Promise<void> {
		return this.waiting.until(
			() => holds(this),
			() => `${what}: ${this.over} of ${this.size} are over, one has heard ${JSON.stringify(this.members[0]?.heard)}`,
		);
	}

	/** Writes to each. */
	say(words: string | Uint8Array): void {
		for (const { socket } of this.members) socket?.write(words);
	}

	leave(): void {
		for (const { socket } of this.members) socket?.terminate();
	}

	private async add(port: number, says: string): Promise<void> {
		const member: Member = { heard: "", over: false, socket: undefined };
		this.members.push(member);
		const changed = (): void => this.waiting.wake();
		member.socket = await Bun.connect<Member>({
			hostname: "127.0.0.1",
			port,
			data: member,
			socket: {
				open(socket) {
					if (says !== "") socket.write(says);
				},
				data({ data }, chunk) {
					if (data.heard.length < HEARD_BYTES_MAX) data.heard += chunk.toString("latin1");
					changed();
				},
				close({ data }) {
					data.over = true;
					changed();
				},
				error() {},
			},
		});
	}
}
