// The chat behind the screen: its parts put together, and what is told of what the client says. It draws nothing and reads no
// terminal, so that all of it can be tried against a scripted client.
import { type Client, type Clock, OutboxError, RefusedError, type RoomInfo } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import type { Key } from "../input/keys.ts";
import { safeText } from "../text/safe.ts";
import { createDesk, type Desk } from "./desk.ts";
import { createRooms } from "./rooms.ts";
import { createScenes, type Scene } from "./scene.ts";
import { forgotten, HOME, initialUi } from "./state.ts";
import { createTyping } from "./typing.ts";
import { createWho, type Question, type WhoIdentities } from "./who.ts";
import { channelRef, errorWords, roomsInOrder, roomWords } from "./words.ts";

export interface ChatParts {
	readonly client: Client;
	readonly identities: WhoIdentities;
	readonly clock: Clock;
	readonly columns: number;
	readonly rows: number;
	/** The server's address, for the greeting. */
	readonly server: string;
	/** What has to be asked first; undefined if the client knows who one is. */
	readonly question: Question | undefined;
	/** The room to go into; it is made if nobody has it yet. */
	readonly room: string | undefined;
	/** The title of the room that was shown last time. */
	readonly lastRoom: string | undefined;
	/** Keeps the title of the room that is shown, for next time. */
	readonly remember: (title: string) => void;
	/** Ctrl+L and Ctrl+Z are the terminal's business. */
	readonly redraw: () => void;
	readonly suspend: () => void;
}

export interface Chat {
	readonly desk: Desk;
	/** What is to be shown now. */
	scene(): Scene;
	key(key: Key): void;
	resize(columns: number, rows: number): void;
	/** The scene is on the screen. */
	shown(scene: Scene): void;
	/** Resolves when the user wants to leave. */
	readonly left: Promise<void>;
	/** Resolves when the user does not want to wait for it. */
	readonly leftAtOnce: Promise<void>;
	close(): void;
}

export function createChat(parts: ChatParts): Chat {
	const { client, clock } = parts;
	const desk = createDesk(client, clock, initialUi(parts.columns, parts.rows));
	const scene = createScenes(desk);
	const rooms = createRooms(desk, (room) => parts.remember(room.title));
	const who = createWho(desk, parts.identities, (room) => rooms.open(room));
	const left = Promise.withResolvers<void>();
	const leftAtOnce = Promise.withResolvers<void>();
	let publicRooms: readonly string[] = [];
	let welcomed: string | undefined;
	let wanted = parts.room;
	let ticking = false;

	const heard = (all: readonly RoomInfo[]): void => {
		publicRooms = all.filter(({ kind }) => kind !== Room_Kind.DIRECT).map(({ name }) => `#${name}`);
	};

	const quit = (): void => {
		if (desk.ui.leaving) leftAtOnce.resolve();
		desk.change((ui) => ({ ...ui, leaving: true }));
		left.resolve();
	};

	/** The first welcome as this user: goes where one wanted to go, or else was. */
	const arrive = async (): Promise<void> => {
		const list = roomsInOrder(client);
		const last = list.find(({ title }) => title === parts.lastRoom) ?? list[0];
		const ref = wanted;
		wanted = undefined;
		const room = ref ? await client.join(channelRef(ref), { create: true }) : last;
		if (room && desk.ui.current === HOME) rooms.open(room);
		const { rooms: all } = await client.listRoomsPage();
		heard(all);
		if (desk.ui.current !== HOME) return;
		const some = all.slice(0, 20).map(roomWords);
		desk.tell(
			some.length > 0 ? ["rooms here; /join NAME goes in", ...some].join("\n") : "there is no room yet: /join NAME makes one",
		);
	};

	/** Something of the client is different: who one is, which rooms there are, how the connection stands. */
	const follow = (): void => {
		const { status, user } = client;
		rooms.sync();
		if (user && status.state === "live" && user.id !== welcomed) {
			if (welcomed !== undefined) desk.change(forgotten);
			welcomed = user.id;
			who.welcomed();
			arrive().catch((error: unknown) => desk.tell(errorWords(error), "error"));
		}
		if (status.state === "stopped" && status.why instanceof RefusedError) who.refused(status.why);
		tick();
	};

	/** Shows time passing, while something on the screen counts seconds. */
	const tick = (): void => {
		const counts = client.status.state === "waiting" || client.outbox.some(({ status }) => status.state === "waiting");
		if (ticking || !counts || desk.ui.leaving) return;
		ticking = true;
		clock.after(1_000, () => {
			ticking = false;
			desk.touch();
			tick();
		});
	};

	const offs = [
		client.on("status", follow),
		client.on("user", follow),
		client.on("roomAdded", follow),
		client.on("roomRemoved", follow),
		client.on("presence", () => desk.touch()),
		client.on("invitationClosed", () => desk.touch()),
		client.on("invited", ({ room, by }) => {
			const name = safeText(room.name);
			desk.tell(`${by ? safeText(by.name) : "somebody"} invites you to #${name}: /join ${name} accepts`);
		}),
		client.on("problem", (error) => {
			// Whatever happens to connections is said by the status line, where it does not stay.
			if (error instanceof OutboxError || error instanceof RefusedError) desk.tell(errorWords(error), "error");
		}),
		desk.subscribe(tick),
	];

	const typed = createTyping({
		desk,
		rooms,
		who,
		scene,
		heard,
		quit,
		list: { next: undefined },
		publicRooms: () => publicRooms,
		redraw: parts.redraw,
		suspend: parts.suspend,
	});

	if (parts.question) {
		desk.tell(`this is Verbatim at ${safeText(parts.server)}`);
		desk.tell("give a name to come in as a guest; /login NAME or /register NAME for an account");
		who.ask(parts.question);
	}
	follow();

	return {
		desk,
		scene,
		left: left.promise,
		leftAtOnce: leftAtOnce.promise,
		key: typed,
		resize: (columns, height) => desk.change((ui) => ({ ...ui, columns, rows: height })),
		shown: (shown) => rooms.shown(shown),
		close() {
			for (const off of offs) off();
			rooms.close();
		},
	};
}
