// A driver of the SDK: sends one line after the other, each after the acknowledgement of the one before.
import { type Client, connect, type Room } from "@verbatim/client/node";
import { type WholeLog, wholeLog } from "../whole-log.ts";
import { Driver } from "./driver.ts";
import { PATIENCE_MS } from "./waiting.ts";

export class ClientDriver extends Driver {
	private readonly client: Client;
	private readonly room: Room;
	private readonly lines: string[] = [];
	private reading: Promise<void>;

	private constructor(name: string, client: Client, room: Room) {
		super(name);
		this.client = client;
		this.room = room;
		this.reading = this.read();
		this.reading.catch(() => {});
	}

	/** Joins `#room`, created if necessary. */
	static async enter(endpoint: string, name: string, room: string): Promise<ClientDriver> {
		const client = connect({
			endpoints: endpoint,
			credential: { guest: name },
			timing: { reconnectMinMs: 50, reconnectMaxMs: 500 },
		});
		await client.ready({ timeoutMs: PATIENCE_MS });
		return new ClientDriver(name, client, await client.join(`#${room}`, { create: true }));
	}

	async seen(): Promise<readonly string[]> {
		return this.lines;
	}

	log(): Promise<WholeLog> {
		return wholeLog(this.room);
	}

	async close(): Promise<void> {
		await this.client.close();
		await this.reading;
	}

	protected async type(): Promise<void> {
		while (!this.stopping) {
			const line = `${this.name} ${this.taken.length}`;
			this.taken.push(line);
			await this.room.send(line, { timeoutMs: PATIENCE_MS }).done;
			this.known++;
			await Bun.sleep(PAUSE_MS);
		}
	}

	private async read(): Promise<void> {
		for await (const { body } of this.room.entries({ after: 0 })) {
			if (body.case === "message") this.lines.push(body.value.text);
		}
	}
}

/** Between two sends: about a user's rate. */
const PAUSE_MS = 200;
