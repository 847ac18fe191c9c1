// Requests of the HTTP API: a command of a user without a session. A request is answered or lost with the server, and not retried: one that
// was not answered may have been executed.
import { type Command, type Down, Refusal } from "@verbatim/protocol";
import type { Chance } from "./chance.ts";
import { isPoison } from "./poison.ts";
import { factsOf, type Recorder } from "./recorder.ts";
import type { SimServer } from "./server.ts";

export interface ApiRequestsParts {
	readonly server: SimServer;
	readonly recorder: Recorder;
	readonly chance: Chance;
	/** Rooms that each user wants to be in, by name. */
	readonly wanted: ReadonlyMap<string, Set<string>>;
	nextAsk(): number;
}

export type ApiRequest = "say" | "leave" | "join" | "page";

export class ApiRequests {
	private readonly parts: ApiRequestsParts;
	private readonly open = new Map<string, string>();
	private count = 0;

	constructor(parts: ApiRequestsParts) {
		this.parts = parts;
	}

	send(what: ApiRequest, user: string, roomName: string): void {
		const room = this.parts.server.disk.roomNamed(roomName);
		if (room === undefined) return;
		// A session of its own: the order of two requests is not promised.
		const session = `visit ${++this.count} of ${user}`;
		if (what === "say") this.sendMessage(session, user, room);
		else if (what === "page") this.page(session, user, room);
		else this.move(what, user, room, roomName);
	}

	/** `made`: the room is there, and the user in it. */
	make(user: string, name: string, made: () => void): void {
		this.ask(user, { case: "create", value: { name } }, (body) => {
			if (!(body instanceof Error) && body.case === "joined") made();
		});
	}

	/** What was not answered, when the run is over. */
	forget(): void {
		for (const [cid, session] of this.open) this.parts.recorder.add({ kind: "unknown", session, cid });
	}

	private sendMessage(session: string, user: string, room: string): void {
		const { recorder } = this.parts;
		const cid = `visit-${this.count}`;
		const text = `said in ${session}`;
		recorder.add({ kind: "invoke", session, user, room, cid, text });
		this.open.set(cid, session);
		this.ask(user, { case: "send", value: { room, cid, text } }, (body) => {
			this.open.delete(cid);
			if (isPoison(body) || (body instanceof Refusal && body.code === "internal"))
				recorder.add({ kind: "unknown", session, cid });
			else if (body instanceof Refusal) recorder.add({ kind: "fail", session, cid, code: body.code });
			else if (body instanceof Error) recorder.fault(session, body);
			else if (body.case === "sent")
				recorder.add({ kind: "ok", session, cid, room, epoch: body.value.epoch, seq: body.value.seq });
			else recorder.fault(session, `a send was answered by ${body.case}`);
		});
	}

	private page(session: string, user: string, room: string): void {
		const { recorder, chance } = this.parts;
		const ask = this.parts.nextAsk();
		recorder.add({ kind: "ask", session, ask, room });
		this.ask(user, { case: "history", value: { room, limit: 1 + chance.below(20) } }, (body) => {
			if (body instanceof Error || body.case !== "page") return;
			const { epoch, from, to, head, entries } = body.value;
			recorder.add({ kind: "page", session, user, ask, room, epoch, from, to, head, entries: entries.map(factsOf) });
		});
	}

	private move(what: "leave" | "join", user: string, room: string, roomName: string): void {
		const wanted = this.parts.wanted.get(user);
		if (what === "leave") wanted?.delete(roomName);
		else wanted?.add(roomName);
		this.ask(user, { case: what, value: { room } }, () => {});
	}

	private ask(user: string, command: Command, answered: (body: Down["body"] | Error) => void): void {
		this.parts.server.request(user, command, (body) => {
			if (body instanceof Error && !(body instanceof Refusal) && !isPoison(body))
				this.parts.recorder.fault(`a visit of ${user}`, body);
			else answered(body);
		});
	}
}
