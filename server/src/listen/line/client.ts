// A line-mode client: executes commands on its session, and keeps the rooms shown and the current room. A log-in under another name opens another
// session with the old one's cursors; the old session ends only when the new one is welcomed.
import { type Command, Room_Kind, Room_Standing, type Sent, unreachable, type Welcome } from "@verbatim/protocol";
import { serverCid } from "../../base/ids.ts";
import type { ListenerParts } from "../connection/parts.ts";
import { HELP } from "./help.ts";
import { KnownRooms } from "./known-rooms.ts";
import { LINE_HISTORY, LINE_LIST, type LineCommand } from "./parse.ts";
import { labelOf, renderFailure, renderMembers, renderNotice, renderRooms } from "./render.ts";
import { type Answer, LineSession, type LineSessionEvents } from "./session.ts";

/** The client's output. */
export interface LineOutput {
	readonly address: string;
	bufferedBytes(): number;
	pauseReading(paused: boolean): boolean;
	/** Adds one line, without its end, to the next flush. */
	writeLine(line: string): void;
	flush(): void;
	/** A line was refused without a session, or a log-in was refused. */
	refused(): void;
	/** Closes the connection after what was written. */
	end(): void;
}

type Credential = NonNullable<Extract<Command, { case: "hello" }>["value"]["credential"]>;

/** `client` of its hello, for the log. */
const CLIENT = "line mode";

export class LineClient implements LineSessionEvents {
	private readonly parts: ListenerParts;
	private readonly output: LineOutput;
	private session: LineSession | undefined;
	/** Its hello is not answered yet. */
	private candidate: LineSession | undefined;
	private rooms = new KnownRooms();
	/** The current room. */
	private room: string | undefined;
	/** By room: the newest seq of the client's own messages that was not shown yet. */
	private readonly unshown = new Map<string, number>();
	private allShown: (() => void) | undefined;
	/** Shows the next page of the list that was shown last. */
	private next: (() => Promise<void>) | undefined;
	/** Bytes of the present line, charged to its first command. */
	private lineBytes = 0;

	constructor(parts: ListenerParts, output: LineOutput) {
		this.parts = parts;
		this.output = output;
	}

	/** Has a session been welcomed? */
	get authenticated(): boolean {
		return this.session !== undefined;
	}

	/** Executes the command of a line of `bytes`. Resolves when it is answered, refused or not. */
	async execute(command: LineCommand, bytes: number): Promise<void> {
		this.lineBytes = bytes;
		switch (command.kind) {
			case "nothing":
				return;
			case "wrong":
				this.refuse(command.code, command.message);
				return;
			case "help":
				for (const line of HELP) this.output.writeLine(line);
				return;
			case "quit":
				this.output.writeLine("- good-bye");
				this.output.end();
				return;
			case "nick":
				return this.logIn({ case: "guest", value: { name: command.name } });
			case "login":
			case "register": {
				const { name, password } = command;
				return this.logIn({ case: command.kind, value: { name, password } });
			}
			case "rooms":
				return this.listRooms("");
			case "more":
				return this.more();
			case "join":
				return this.join(command.room);
			case "msg":
				return this.send(`@${command.name}`, command.text);
			case "say":
				return this.inRoom(undefined, (room) => this.send(room, command.text));
			case "leave":
				return this.inRoom(command.room, (room) => this.leaveRoom(room));
			case "history":
				return this.inRoom(undefined, (room) =>
					this.ask({ case: "history", value: { room, limit: command.count } }, (answer) => {
						if (answer.case === "page") this.writeLines(this.rooms.showPage(answer.value));
					}),
				);
			case "who":
				return this.inRoom(command.room, (room) => this.listMembers(room, ""));
			default:
				unreachable(command);
		}
	}

	refuse(code: string, message: string): void {
		this.output.writeLine(renderFailure({ code, message, retryAfterMs: 0 }));
		this.output.refused();
	}

	/** Resolves when all of the client's own messages were shown. */
	ownShown(): Promise<void> {
		if (this.unshown.size === 0 || this.session === undefined) return Promise.resolve();
		return new Promise((resolve) => {
			this.allShown = resolve;
		});
	}

	drained(): void {
		this.session?.drained();
	}

	/** The connection is gone. */
	lost(): void {
		this.candidate?.leave();
		this.session?.leave();
		this.allShown?.();
	}

	// ------------------------------------------------------------ from the session

	get address(): string {
		return this.output.address;
	}

	bufferedBytes(): number {
		return this.output.bufferedBytes();
	}

	pauseReading(paused: boolean): boolean {
		return this.output.pauseReading(paused);
	}

	received(session: LineSession, body: Answer): void {
		if (session !== this.session && body.case !== "close" && body.case !== "failure") return;
		switch (body.case) {
			case "entries":
				this.writeLines(this.rooms.show(body.value.room, body.value.entries));
				this.noteShown();
				return;
			case "skipped":
				if (body.value.page !== undefined) this.writeLines(this.rooms.showNewest(body.value.page));
				this.noteShown();
				return;
			case "roomAdded": {
				const { room } = body.value;
				if (room === undefined) return;
				const { label } = this.rooms.learn(room);
				if (room.kind !== Room_Kind.DIRECT) this.output.writeLine(`- you are in ${label} now`);
				return;
			}
			case "roomRemoved":
				this.forget(body.value.room);
				return;
			default: {
				if (body.case === "invited" && body.value.room !== undefined) this.rooms.invited(body.value.room);
				const notice = renderNotice(body);
				if (notice !== undefined) this.output.writeLine(notice);
			}
		}
	}

	wrote(): void {
		this.output.flush();
	}

	closed(session: LineSession): void {
		if (session === this.session || this.session === undefined) this.output.end();
	}

	// ------------------------------------------------------------ log-in

	private async logIn(credential: Credential): Promise<void> {
		const { parts } = this;
		const before = this.rooms.all();
		const session = new LineSession(parts.host, parts.formats.line, this, parts.clock, parts.timing.answerMs);
		this.candidate = session;
		const hello: Command = { case: "hello", value: { credential, client: CLIENT, cursors: this.rooms.cursors() } };
		await session.ask(
			hello,
			(answer) => {
				this.candidate = undefined;
				if (answer.case === "welcome") {
					this.welcomed(session, answer.value);
					return;
				}
				session.leave();
				this.writeFailure(answer);
				// Each log-in has a session of its own, which does not charge for repeated refusals.
				this.output.refused();
			},
			this.takeBytes(),
		);
		this.candidate = undefined;
		if (this.session !== session) return;
		for (const { id, label, epoch, shown } of before) {
			if (this.rooms.get(id) !== undefined || !label.startsWith("#")) continue;
			await this.rejoin(id, label, epoch, shown);
		}
		if (this.room !== undefined && this.rooms.get(this.room) === undefined) this.room = undefined;
	}

	private welcomed(session: LineSession, { user, rooms }: Welcome): void {
		this.session?.leave();
		this.session = session;
		this.next = undefined;
		const before = this.rooms;
		this.rooms = new KnownRooms();
		this.unshown.clear();
		this.output.writeLine(`- you are ${user?.name ?? ""}`);
		const members = rooms.filter(({ standing }) => standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER);
		for (const room of members) this.rooms.learn(room, before.get(room.id)?.shown);
		const invited = rooms.filter(({ standing }) => standing === Room_Standing.INVITED);
		if (members.length > 0) this.output.writeLine(`- your rooms: ${members.map(labelOf).join(", ")}`);
		for (const room of invited) this.rooms.invited(room);
		if (invited.length > 0) this.output.writeLine(`- you are invited to ${invited.map(labelOf).join(", ")}`);
	}

	/** Joins, under the new name, a room of the old one, and continues at its cursor. */
	private rejoin(id: string, label: string, epoch: number, shown: number): Promise<void> {
		return this.ask({ case: "join", value: { room: id, history: LINE_HISTORY } }, (answer) => {
			if (answer.case !== "joined" || answer.value.room === undefined || answer.value.page === undefined) return;
			this.rooms.learn(answer.value.room, answer.value.room.epoch === epoch ? shown : 0);
			this.writeLines(this.rooms.showNewest(answer.value.page));
			if (this.room === id) this.output.writeLine(`- you are in ${label}`);
		});
	}

	// ------------------------------------------------------------ rooms

	private join(room: string): Promise<void> {
		return this.ask({ case: "join", value: { room, create: true, history: LINE_HISTORY } }, (answer) => {
			if (answer.case !== "joined" || answer.value.room === undefined) return;
			const { room: joined, page } = answer.value;
			this.writeLines(this.rooms.showJoined(joined, page));
			const label = this.rooms.label(joined.id);
			this.room = joined.id;
			const others = joined.members - 1;
			this.output.writeLine(
				`- you are in ${label}${joined.kind === Room_Kind.DIRECT ? "" : others === 0 ? ", alone" : `, with ${others} more`}`,
			);
			this.noteShown();
		});
	}

	private listRooms(after: string): Promise<void> {
		return this.ask({ case: "rooms", value: { after, limit: LINE_LIST } }, (answer) => {
			if (answer.case !== "roomList") return;
			const { rooms, next } = answer.value;
			// A further page may consist of the user's own rooms, which were on the first.
			if (after === "" || rooms.length > 0) this.writeLines(renderRooms(rooms));
			else if (next === "") this.output.writeLine("- there are no more rooms");
			this.offerMore(next, "- there are more rooms: /more", () => this.listRooms(next));
		});
	}

	private listMembers(room: string, after: string, shown = 0): Promise<void> {
		return this.ask({ case: "who", value: { room, after, limit: LINE_LIST } }, (answer) => {
			if (answer.case !== "memberList") return;
			const { room: id, members, next, total } = answer.value;
			const label = this.rooms.label(id);
			this.writeLines(renderMembers(answer.value, label));
			const sofar = shown + members.filter(({ standing }) => standing !== Room_Standing.INVITED).length;
			this.offerMore(next, `- ${label}: ${Math.max(1, total - sofar)} more: /more`, () => this.listMembers(room, next, sofar));
		});
	}

	/** Sets what `/more` shows: the next page, or nothing. */
	private offerMore(next: string, words: string, more: () => Promise<void>): void {
		this.next = next === "" ? undefined : more;
		if (next !== "") this.output.writeLine(words);
	}

	private more(): Promise<void> {
		const { next } = this;
		if (next !== undefined) return next();
		this.refuse("invalid", "there is no more; /who and /rooms show the first");
		return Promise.resolve();
	}

	private leaveRoom(room: string): Promise<void> {
		const known = this.rooms.find(room);
		const invitation = this.rooms.invitation(room);
		return this.ask({ case: "leave", value: { room } }, (answer) => {
			if (answer.case !== "done") return;
			if (known !== undefined) this.forget(known.id);
			else if (invitation !== undefined) {
				this.rooms.forget(invitation.id);
				this.output.writeLine(`- you declined the invitation to ${invitation.label}`);
			} else this.output.writeLine(`- you are not in ${room}`);
		});
	}

	private forget(id: string): void {
		const known = this.rooms.forget(id);
		this.unshown.delete(id);
		if (this.room === id) this.room = undefined;
		if (known !== undefined) this.output.writeLine(`- you are no longer in ${known.label}`);
		this.noteShown();
	}

	private send(room: string, text: string): Promise<void> {
		const cid = serverCid(this.parts.random.bytes(16));
		return this.ask({ case: "send", value: { room, cid, text } }, (answer) => {
			if (answer.case === "sent") this.expectEcho(answer.value);
		});
	}

	private expectEcho({ room, seq }: Sent): void {
		if (this.rooms.get(room) === undefined || (this.rooms.get(room)?.shown ?? 0) < seq) this.unshown.set(room, seq);
	}

	private noteShown(): void {
		for (const [room, seq] of this.unshown) {
			if ((this.rooms.get(room)?.shown ?? 0) >= seq) this.unshown.delete(room);
		}
		if (this.unshown.size === 0) this.allShown?.();
	}

	// ------------------------------------------------------------ helpers

	/** Runs `act` with the given room, or the current one. */
	private inRoom(named: string | undefined, act: (room: string) => Promise<void>): Promise<void> {
		const room = named ?? this.room;
		if (this.session === undefined || room !== undefined) return act(room ?? "");
		this.refuse("invalid", "join a room first: /join ROOM");
		return Promise.resolve();
	}

	/** Sends a command to the session; writes a failure, passes any other answer to `answered`. */
	private ask(command: Command, answered: (answer: Answer) => void): Promise<void> {
		if (this.session === undefined) {
			this.refuse("unauthenticated", "choose a name first: /nick NAME");
			return Promise.resolve();
		}
		return this.session.ask(
			command,
			(answer) => {
				if (answer.case === "failure") this.writeFailure(answer);
				else answered(answer);
			},
			this.takeBytes(),
		);
	}

	private takeBytes(): number {
		const bytes = this.lineBytes;
		this.lineBytes = 0;
		return bytes;
	}

	private writeFailure(answer: Answer): void {
		if (answer.case === "failure") this.output.writeLine(renderFailure(answer.value));
	}

	private writeLines(lines: readonly string[]): void {
		for (const line of lines) this.output.writeLine(line);
	}
}
