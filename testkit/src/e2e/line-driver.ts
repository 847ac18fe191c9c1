// A driver of line mode, as a user with nc. Line mode does not retry: after a lost connection it reconnects, looks for its last line in
// the history, and sends it again if it is missing.

import { Driver } from "./driver.ts";
import { RawPeer } from "./raw-peer.ts";
import { eventually } from "./waiting.ts";

const END = Symbol("the connection ended");
/** Between two lines: a fast typist. */
const PAUSE_MS = 200;
/** After a refusal. */
const REFUSED_PAUSE_MS = 500;

export class LineDriver extends Driver {
	/** Number of log-ins. */
	arrivals = 0;
	private readonly port: number;
	private readonly room: string;
	private peer: RawPeer | undefined;

	constructor(name: string, port: number, room: string) {
		super(name);
		this.port = port;
		this.room = room;
	}

	/** The newest two hundred, the most that line mode shows. */
	async seen(): Promise<readonly string[]> {
		return await this.arrive();
	}

	async close(): Promise<void> {
		this.peer?.close();
	}

	protected async type(): Promise<void> {
		while (!this.stopping) {
			const line = `${this.name} ${this.taken.length}`;
			const outcome = await this.say(line);
			if (outcome === "refused") await Bun.sleep(REFUSED_PAUSE_MS);
			if (outcome === "refused" || (outcome === "unknown" && !(await this.arrive()).includes(line))) continue;
			this.taken.push(line);
			this.known++;
			await Bun.sleep(PAUSE_MS);
		}
	}

	/** Sends a line and waits for its echo or a refusal. */
	private async say(line: string): Promise<"said" | "refused" | "unknown"> {
		if (this.peer === undefined) await this.arrive();
		this.peer?.write(`${line}\n`);
		const heard = await this.line((heard) => this.textOf(heard) === line || heard.startsWith("! "));
		if (heard === END || heard.startsWith("! timeout ") || heard.startsWith("! internal ")) return "unknown";
		return heard.startsWith("! ") ? "refused" : "said";
	}

	/** Logs in, retrying as needed, and reads the history. */
	private async arrive(): Promise<string[]> {
		return eventually(
			async () => {
				this.peer?.close();
				this.peer = undefined;
				try {
					this.peer = await RawPeer.open(this.port);
				} catch {
					return undefined;
				}
				this.peer.write(`/nick ${this.name}\n/join ${this.room}\n`);
				if ((await this.line(new RegExp(`^(- you are in #${this.room},|! )`))) === END) return undefined;
				// What follows stands before the answer to the next command, and after that of the last.
				this.peer.takeAll();
				this.peer.write("/history 200\n/rooms\n");
				const lines: string[] = [];
				const end = await this.line((line) => {
					const text = this.textOf(line);
					if (text !== undefined) lines.push(text);
					return line.startsWith(`- #${this.room}, `);
				});
				if (end === END) return undefined;
				this.arrivals++;
				return lines;
			},
			() => `${this.name} comes in`,
		);
	}

	private async line(fits: RegExp | ((line: string) => boolean)): Promise<string | typeof END> {
		const { peer } = this;
		if (peer === undefined) return END;
		try {
			return await peer.line(fits);
		} catch (cause) {
			if (peer.ended) return END;
			throw cause;
		}
	}

	/** The text of a message in the room. */
	private textOf(line: string): string | undefined {
		return new RegExp(`^#${this.room} \\d+ <[^>]+> (.*)$`).exec(line)?.[1];
	}
}
