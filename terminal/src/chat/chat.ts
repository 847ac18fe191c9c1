// The chat without its screen: builds its parts, and turns the client's events into notices. Does no terminal I/O, so that it can be
// tested with a scripted client.
import { type Client, type Clock, OutboxError, RefusedError, type RoomInfo } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import type { Key } from "../input/keys.ts";
import { safeText } from "../text/safe.ts";
import { channelRef, errorWords, roomsInOrder, roomWords } from "./format.ts";
import { createKeyBindings } from "./key-bindings.ts";
import { createLogIn, type LogInIdentities, type LogInPrompt } from "./log-in.ts";
import { type ChatModel, createModel } from "./model.ts";
import { createRoomViews } from "./room-views.ts";
import { createScenes, type Scene } from "./scene.ts";
import { HOME, initialUi, withoutRooms } from "./state.ts";

export interface ChatParts {
	readonly client: Client;
	readonly identities: LogInIdentities;
	readonly clock: Clock;
	readonly columns: number;
	readonly rows: number;
	/** The server's address, for the first notice. */
	readonly server: string;
	/** The first prompt; undefined if the client has a credential. */
	readonly question: LogInPrompt | undefined;
	/** The room to join; created if necessary. */
	readonly room: string | undefined;
	/** The title of the room shown at the end of the last run. */
	readonly lastRoom: string | undefined;
	/** Stores the title of the shown room, for the next run. */
	readonly remember: (title: string) => void;
	/** Ctrl+L and Ctrl+Z. */
	readonly redraw: () => void;
	readonly suspend: () => void;
}

export interface Chat {
	readonly model: ChatModel;
	/** The content of the next frame. */
	scene(): Scene;
	key(key: Key): void;
	resize(columns: number, rows: number): void;
	/** The scene was painted. */
	shown(scene: Scene): void;
	/** Resolves when the user quits. */
	readonly left: Promise<void>;
	/** Resolves when the user quits a second time, without waiting for the drain. */
	readonly leftAtOnce: Promise<void>;
	close(): void;
}

export function createChat(parts: ChatParts): Chat {
	const { client, clock } = parts;
	const model = createModel(client, clock, initialUi(parts.columns, parts.rows));
	const scene = createScenes(model);
	const rooms = createRoomViews(model, (room) => parts.remember(room.title));
	const logIn = createLogIn(model, parts.identities, (room) => rooms.open(room));
	const left = Promise.withResolvers<void>();
	const leftAtOnce = Promise.withResolvers<void>();
	let publicRooms: readonly string[] = [];
	let welcomed: string | undefined;
	let wanted = parts.room;
	let ticking = false;

	const roomsListed = (all: readonly RoomInfo[]): void => {
		publicRooms = all.filter(({ kind }) => kind !== Room_Kind.DIRECT).map(({ name }) => `#${name}`);
	};

	const quit = (): void => {
		if (model.ui.leaving) leftAtOnce.resolve();
		model.change((ui) => ({ ...ui, leaving: true }));
		left.resolve();
	};

	/** The first welcome as this user: opens the wanted room, else the last one, else lists the rooms. */
	const openFirstRoom = async (): Promise<void> => {
		const list = roomsInOrder(client);
		const last = list.find(({ title }) => title === parts.lastRoom) ?? list[0];
		const ref = wanted;
		wanted = undefined;
		const room = ref ? await client.join(channelRef(ref), { create: true }) : last;
		if (room && model.ui.current === HOME) rooms.open(room);
		const { rooms: all } = await client.listRoomsPage();
		roomsListed(all);
		if (model.ui.current !== HOME) return;
		const some = all.slice(0, 20).map(roomWords);
		model.notify(
			some.length > 0 ? ["rooms here; /join NAME goes in", ...some].join("\n") : "there is no room yet: /join NAME makes one",
		);
	};

	/** The client's user, rooms or status have changed. */
	const update = (): void => {
		const { status, user } = client;
		rooms.sync();
		if (user && status.state === "live" && user.id !== welcomed) {
			if (welcomed !== undefined) model.change(withoutRooms);
			welcomed = user.id;
			logIn.welcomed();
			openFirstRoom().catch((error: unknown) => model.notify(errorWords(error), "error"));
		}
		if (status.state === "stopped" && status.why instanceof RefusedError) logIn.refused(status.why);
		tick();
	};

	/** Repaints each second while the screen shows a countdown. */
	const tick = (): void => {
		const counts = client.status.state === "waiting" || client.outbox.some(({ status }) => status.state === "waiting");
		if (ticking || !counts || model.ui.leaving) return;
		ticking = true;
		clock.after(1_000, () => {
			ticking = false;
			model.touch();
			tick();
		});
	};

	const offs = [
		client.on("status", update),
		client.on("user", update),
		client.on("roomAdded", update),
		client.on("roomRemoved", update),
		client.on("presence", () => model.touch()),
		client.on("invitationClosed", () => model.touch()),
		client.on("invited", ({ room, by }) => {
			const name = safeText(room.name);
			model.notify(
				`${by ? safeText(by.name) : "somebody"} invites you to #${name}: /join ${name} accepts, /leave ${name} declines`,
			);
		}),
		client.on("problem", (error) => {
			// Problems of the connection are shown by the status line.
			if (error instanceof OutboxError || error instanceof RefusedError) model.notify(errorWords(error), "error");
		}),
		model.subscribe(tick),
	];

	const onKey = createKeyBindings({
		model,
		rooms,
		logIn,
		scene,
		roomsListed,
		quit,
		list: { next: undefined },
		publicRooms: () => publicRooms,
		redraw: parts.redraw,
		suspend: parts.suspend,
	});

	if (parts.question) {
		model.notify(`this is Verbatim at ${safeText(parts.server)}`);
		model.notify("give a name to come in as a guest; /login NAME or /register NAME for an account");
		logIn.ask(parts.question);
	}
	update();

	return {
		model,
		scene,
		left: left.promise,
		leftAtOnce: leftAtOnce.promise,
		key: onKey,
		resize: (columns, height) => model.change((ui) => ({ ...ui, columns, rows: height })),
		shown: (shown) => rooms.shown(shown),
		close() {
			for (const off of offs) off();
			rooms.close();
		},
	};
}
