// Two SDK clients in a room, one by TCP and one by WebSocket, that send in turn: every turn proves delivery in both directions. Background
// traffic that must not be affected by what a test does to the server.
import { type Client, connect, type Room } from "@verbatim/client/node";
import type { Verdict } from "../history/verdict.ts";
import { Witness } from "../history/witness.ts";
import type { ServerProcess } from "../process/server-process.ts";
import { wholeLog } from "../whole-log.ts";
import { PATIENCE_MS, Waiting } from "./waiting.ts";

interface CanaryClient {
	readonly name: string;
	readonly client: Client;
	readonly room: Room;
	/** Its cursor. */
	at: number;
}

export class Canary {
	/** Status changes and problems that the clients reported; empty if all is well. */
	readonly anomalies: string[] = [];
	private readonly players: readonly CanaryClient[];
	private readonly witness = new Witness();
	private readonly waiting = new Waiting();
	private readonly reading = new AbortController();
	private turns = 0;
	private going: Promise<void> | undefined;
	private stopping = false;
	private trouble: unknown;

	private constructor(players: readonly CanaryClient[]) {
		this.players = players;
	}

	/** Two guests join `#room`, created if necessary. */
	static async begin(server: ServerProcess, room = "tea"): Promise<Canary> {
		const endpoints = [server.tcp, server.webSocket];
		const players: CanaryClient[] = [];
		for (const [i, endpoint] of endpoints.entries()) {
			const name = `innocent-${i + 1}`;
			const client = connect({ endpoints: endpoint, credential: { guest: name } });
			await client.ready({ timeoutMs: PATIENCE_MS });
			players.push({ name, client, room: await client.join(`#${room}`, { create: true }), at: 0 });
		}
		const canary = new Canary(players);
		for (const player of players) canary.listen(player);
		return canary;
	}

	/** Exchanges this many lines, each read by the other client before the next. */
	async play(turns: number): Promise<void> {
		for (let i = 0; i < turns; i++) await this.turn();
	}

	/** Exchanges lines until `stop`. */
	start(): void {
		this.stopping = false;
		this.going = (async () => {
			while (!this.stopping) await this.turn();
		})();
		this.going.catch((cause: unknown) => {
			this.trouble = cause;
			this.waiting.wake();
		});
	}

	/** Resolves after this many further lines. */
	async further(turns: number): Promise<void> {
		const goal = this.turns + turns;
		await this.waiting.until(
			() => {
				if (this.trouble !== undefined) throw this.trouble;
				return this.turns >= goal;
			},
			() => `${goal} lines of the rally; there are ${this.turns}`,
		);
	}

	async stop(): Promise<void> {
		this.stopping = true;
		await this.going;
	}

	/** The checker's verdict on the recorded history. */
	async verdict(): Promise<Verdict> {
		const [first] = this.players;
		if (first === undefined) throw new Error("nobody plays");
		const log = await wholeLog(first.room);
		for (const player of this.players) {
			await this.waiting.until(
				() => player.at >= log.entries.length,
				() => `${player.name} stands at ${player.at} of ${log.entries.length}`,
			);
		}
		return this.witness.verdict([log]);
	}

	async end(): Promise<void> {
		this.stopping = true;
		this.reading.abort();
		for (const { client } of this.players) await client.close();
	}

	private async turn(): Promise<void> {
		const [speaker, listener] = this.turns % 2 === 0 ? this.players : [...this.players].reverse();
		if (speaker === undefined || listener === undefined) throw new Error("nobody plays");
		const text = `${speaker.name} says ${this.turns}`;
		const { seq } = await this.witness.send(speaker.name, speaker.client, speaker.room, text, { timeoutMs: PATIENCE_MS }).done;
		await this.waiting.until(
			() => {
				if (this.trouble !== undefined) throw this.trouble;
				return listener.at >= seq;
			},
			() => `${listener.name} reads ${seq}; it stands at ${listener.at}`,
		);
		this.turns++;
		this.waiting.wake();
	}

	private listen(player: CanaryClient): void {
		const { client, name, room } = player;
		client.on("status", (status) => {
			if (this.reading.signal.aborted || (status.state === "live" && !status.suspect && !status.behind)) return;
			this.anomalies.push(`${name}: ${JSON.stringify(status)}`);
		});
		client.on("problem", (error) => this.anomalies.push(`${name}: ${error.message}`));
		const given = (seq: number): void => {
			player.at = seq;
			this.waiting.wake();
		};
		this.witness.read(name, client, room, 0, this.reading.signal, given).catch((cause: unknown) => {
			if (this.reading.signal.aborted) return;
			this.trouble = cause;
			this.waiting.wake();
		});
	}
}
