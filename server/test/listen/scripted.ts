// A scripted session host: records its input, and sends what the test says.
import { type CloseName, create, type DownBody, DownSchema, LIMITS, type Up } from "@verbatim/protocol";
import type { SessionHost, SessionInput } from "../../src/link/host.ts";
import type { Encoded, Link } from "../../src/link/link.ts";

export type Told =
	| { readonly kind: "received"; readonly up: Up }
	| { readonly kind: "undecodable"; readonly code: string; readonly message: string; readonly id: number }
	| { readonly kind: "end"; readonly why: CloseName; readonly reason: string | undefined }
	| { readonly kind: "alive" }
	| { readonly kind: "drained" }
	| { readonly kind: "lost" };

export class ScriptedSession implements SessionInput {
	readonly link: Link;
	readonly frameBytesMax = LIMITS.frameBytesMax;
	readonly told: Told[] = [];
	private waiting: Array<() => void> = [];

	constructor(link: Link) {
		this.link = link;
	}

	receive(up: Up): void {
		this.note({ kind: "received", up });
	}

	undecodable(code: string, message: string, id = 0): void {
		this.note({ kind: "undecodable", code, message, id });
	}

	alive(): void {
		this.note({ kind: "alive" });
	}

	/** Sends the close and closes, as a real session does. */
	end(why: CloseName, reason?: string): void {
		this.note({ kind: "end", why, reason });
		this.say({ case: "close", value: { reason: reason ?? why } });
		this.link.close(why);
	}

	drained(): void {
		this.note({ kind: "drained" });
	}

	lost(): void {
		this.note({ kind: "lost" });
	}

	/** Sends messages as one write. */
	say(...bodies: DownBody[]): void {
		this.link.write(bodies.map((body) => this.encoded(0, body)));
	}

	answer(id: number, body: DownBody): void {
		this.link.write([this.encoded(id, body)]);
	}

	private encoded(id: number, body: DownBody): Encoded {
		return this.link.format.encode(create(DownSchema, { id, body }));
	}

	/** Waits for an input of this kind, and returns the first. */
	async heard<Kind extends Told["kind"]>(kind: Kind): Promise<Extract<Told, { kind: Kind }>> {
		for (;;) {
			const found = this.told.find((told): told is Extract<Told, { kind: Kind }> => told.kind === kind);
			if (found !== undefined) return found;
			await new Promise<void>((resolve) => this.waiting.push(resolve));
		}
	}

	count(kind: Told["kind"]): number {
		return this.told.filter((told) => told.kind === kind).length;
	}

	/** Waits for `count` inputs of this kind. */
	async heardTimes(kind: Told["kind"], count: number): Promise<void> {
		while (this.count(kind) < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
	}

	private note(told: Told): void {
		this.told.push(told);
		for (const wake of this.waiting.splice(0)) wake();
	}
}

export class ScriptedHost implements SessionHost {
	readonly sessions: ScriptedSession[] = [];
	private waiting: Array<() => void> = [];

	open(link: Link): SessionInput {
		const session = new ScriptedSession(link);
		this.sessions.push(session);
		for (const wake of this.waiting.splice(0)) wake();
		return session;
	}

	/** Waits for session `index`, from 0. */
	async session(index = 0): Promise<ScriptedSession> {
		for (;;) {
			const found = this.sessions[index];
			if (found !== undefined) return found;
			await new Promise<void>((resolve) => this.waiting.push(resolve));
		}
	}
}
