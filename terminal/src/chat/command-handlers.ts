// Handlers of the slash commands. The compiler checks that each command of the table has one.
import type { Room, RoomInfo } from "@verbatim/client";
import { Room_Standing } from "@verbatim/protocol";
import { nearest } from "../command/nearest.ts";
import { isSlashCommandName, SLASH_COMMAND_NAMES, SLASH_COMMANDS, type SlashCommandName } from "../command/slash-commands.ts";
import { safeText } from "../text/safe.ts";
import { channelRef, errorWords, roomWords } from "./format.ts";
import type { LogIn } from "./log-in.ts";
import type { ChatModel } from "./model.ts";
import type { RoomViews } from "./room-views.ts";

export interface CommandContext {
	readonly model: ChatModel;
	readonly rooms: RoomViews;
	readonly logIn: LogIn;
	/** The server's list of rooms was loaded: for completion. */
	readonly roomsListed: (rooms: readonly RoomInfo[]) => void;
	readonly quit: () => void;
	/** Shows the next page of the last list. */
	readonly list: { next: (() => Promise<void>) | undefined };
}

/** Rooms or members per page of a list. */
const LIST_MAX = 100;

/** Executes a command. Errors are shown in the view in which it was entered. */
export function execute(parts: CommandContext, name: SlashCommandName, words: readonly string[], rest: string): void {
	const { model } = parts;
	const where = model.ui.current;
	const command: Invocation = { ...parts, words, rest, notify: (text, tone) => model.notify(text, tone, where) };
	Promise.resolve()
		.then(() => HANDLERS[name](command))
		.catch((error: unknown) => {
			model.notify(error instanceof UsageError ? `like this: ${SLASH_COMMANDS[name].usage}` : errorWords(error), "error", where);
		});
}

interface Invocation extends CommandContext {
	readonly words: readonly string[];
	readonly rest: string;
	notify(text: string, tone?: "info" | "error"): void;
}

/** An argument is missing. */
class UsageError extends Error {}
/** The input refers to something that does not exist. */
class InputError extends Error {}

const HANDLERS: Readonly<Record<SlashCommandName, (given: Invocation) => Promise<void> | void>> = {
	async join({ model, rooms, words }) {
		const name = must(words[0]);
		const invitation = invitationTo(model, name);
		rooms.open(await model.client.join(invitation?.id ?? channelRef(name), { create: invitation === undefined }));
	},
	async leave({ model, words, notify }) {
		const invitation = words[0] === undefined ? undefined : invitationTo(model, words[0]);
		if (invitation !== undefined) {
			await model.client.decline(invitation.id);
			return notify(`you have declined the invitation to #${safeText(invitation.name)}`);
		}
		const room = roomNamed(model, words[0]);
		await room.leave();
		notify(`you have left ${safeText(room.title)}`);
	},
	async msg({ model, rooms, words, rest }) {
		const room = await model.client.direct(must(words[0]));
		rooms.open(room);
		if (rest.trim() !== "") room.send(rest);
	},
	rooms: (given) => showRooms(given, undefined, []),
	who: (given) => showMembers(given, roomNamed(given.model, given.words[0]), 0),
	more({ list, notify }) {
		return list.next ? list.next() : notify("there is no more; /who and /rooms show the first");
	},
	async history({ model, rooms, words, notify }) {
		const count = words[0] === undefined ? 50 : Number(words[0]);
		if (!Number.isInteger(count) || count < 1 || count > 10_000) throw new UsageError();
		const room = roomNamed(model, undefined);
		let loaded = 0;
		while (loaded < count) {
			const more = await rooms.loadOlder(Math.min(200, count - loaded));
			if (more === 0) break;
			loaded += more;
		}
		if (room.from <= 1) notify(loaded > 0 ? `${lines(loaded)} loaded: that is all there is` : "nothing came before");
		else notify(`${lines(loaded)} loaded; PageUp shows them`);
	},
	async create({ model, rooms, words }) {
		const hidden = words.includes("--private");
		const name = must(words.find((word) => word !== "--private"));
		rooms.open(await model.client.create(name.replace(/^#/, ""), { private: hidden }));
	},
	async invite({ model, words, notify }) {
		const name = must(words[0]).replace(/^@/, "");
		const room = roomNamed(model, undefined);
		await room.invite(name);
		notify(`${safeText(name)} is invited to ${safeText(room.title)}`);
	},
	async rename({ model, words }) {
		await roomNamed(model, undefined).rename(must(words[0]).replace(/^#/, ""));
	},
	async nick({ logIn, words }) {
		await logIn.switchTo({ guest: must(words[0]) });
	},
	async register({ logIn, words, rest }) {
		const name = must(words[0]);
		if (rest === "") return logIn.ask({ ask: "password", name, register: true });
		await logIn.switchTo({ register: { name, password: rest } });
	},
	async login({ logIn, words, rest }) {
		const name = must(words[0]);
		if (rest === "") return logIn.ask({ ask: "password", name, register: false });
		await logIn.switchTo({ login: { name, password: rest } });
	},
	async logout({ logIn }) {
		await logIn.logOut();
	},
	retry({ model, notify }) {
		const failed = pendingHere(model).filter(({ status }) => status.state === "failed");
		if (failed.length === 0) return notify("nothing has failed here");
		for (const delivery of failed) delivery.retry();
	},
	discard({ model, words, notify }) {
		const all = words[0] === "all";
		const chosen = pendingHere(model).filter(({ status }) => status.state === "failed" || (all && status.state !== "done"));
		if (chosen.length === 0)
			return notify(all ? "nothing waits here" : "nothing has failed here; /discard all takes back what waits");
		for (const delivery of chosen) delivery.discard();
		notify(`${lines(chosen.length)} taken back`);
	},
	reconnect({ model }) {
		model.client.reconnect();
	},
	help({ words, notify }) {
		const name = words[0]?.replace(/^\//, "").toLowerCase();
		if (name === undefined) return notify(HELP);
		const meant = isSlashCommandName(name) ? name : nearest(name, SLASH_COMMAND_NAMES);
		if (!meant) throw new InputError(`there is no command /${safeText(name)}; /help lists them`);
		notify(`${SLASH_COMMANDS[meant].usage}: ${SLASH_COMMANDS[meant].help}`);
	},
	quit({ quit }) {
		quit();
	},
};

const USAGE_CELLS = Math.max(...SLASH_COMMAND_NAMES.map((name) => SLASH_COMMANDS[name].usage.length)) + 2;

const HELP = [
	...SLASH_COMMAND_NAMES.map((name) => SLASH_COMMANDS[name].usage.padEnd(USAGE_CELLS) + SLASH_COMMANDS[name].help),
	"what does not begin with / is said; // says it with one /",
	"Enter sends; Alt+Enter, Ctrl+J: new line; Tab completes",
	"PageUp, PageDown, Shift+arrows scroll; Esc: to the end",
	"Ctrl+N, Ctrl+P, Ctrl+arrows: other room; Alt+A: unread",
	"Up, Down: your own lines; Ctrl+L draws anew; Ctrl+C leaves",
].join("\n");

function must(word: string | undefined): string {
	if (word === undefined) throw new UsageError();
	return word;
}

/** The room of this name to which an invitation is open. */
function invitationTo(model: ChatModel, name: string): RoomInfo | undefined {
	const wanted = channelRef(name).toLowerCase();
	return [...model.client.invitations.values()].find((info) => `#${info.name}`.toLowerCase() === wanted);
}

/** The joined room of this name; default: the shown room. */
function roomNamed(model: ChatModel, name: string | undefined): Room {
	const wanted = name && channelRef(name).toLowerCase();
	const room = wanted ? [...model.client.rooms.values()].find(({ title }) => title.toLowerCase() === wanted) : model.room();
	if (!room) throw new InputError(name ? `you are not in ${safeText(name)}` : "you are in no room: /join NAME goes into one");
	return room;
}

async function showRooms(given: Invocation, after: string | undefined, before: readonly RoomInfo[]): Promise<void> {
	const { model, roomsListed, list, notify } = given;
	const { rooms, next } = await model.client.listRoomsPage({ limit: LIST_MAX, ...(after !== undefined && { after }) });
	const all = [...before, ...rooms];
	roomsListed(all);
	list.next = next === undefined ? undefined : () => showRooms(given, next, all);
	if (all.length === 0) return notify("there is no room yet: /join NAME makes one");
	const count = all.length === 1 ? "one room" : `${all.length} rooms`;
	const head = next === undefined ? count : `the first ${count}, /more shows more`;
	notify([`${head}; /join NAME goes in`, ...rooms.map(roomWords)].join("\n"));
}

/** Lists a page of the room's members, after the first `shown`. */
async function showMembers(given: Invocation, room: Room, shown: number): Promise<void> {
	const { list, notify } = given;
	const large = room.memberCount > LIST_MAX;
	if (!large) await room.who();
	while (large && !room.membersComplete && room.members.size < shown + LIST_MAX) {
		if ((await room.loadMembers(LIST_MAX)) === 0) break;
	}
	const known = [...room.members.values()].filter(({ standing }) => standing !== Room_Standing.INVITED);
	const page = (large ? known.sort((a, b) => (a.user.id < b.user.id ? -1 : 1)) : known).slice(shown, shown + LIST_MAX);
	await room.lookAt(page.map(({ user }) => user.id));
	const named = page.map(({ user: { id, name }, standing }) => {
		const away = room.members.get(id)?.online === true ? "" : "away";
		const facts = [standing === Room_Standing.OWNER ? "owner" : "", away].filter(Boolean).join(", ");
		return safeText(name) + (facts ? ` (${facts})` : "");
	});
	const more = large ? room.memberCount - shown - page.length : 0;
	list.next = more > 0 && page.length > 0 ? () => showMembers(given, room, shown + page.length) : undefined;
	const count = large ? ` (${room.memberCount} members, ${room.onlineCount ?? 0} online)` : "";
	notify(`in ${safeText(room.title)}${count}: ${named.join(", ")}${list.next ? `; ${more} more: /more` : ""}`);
}

function pendingHere(model: ChatModel): Room["pending"] {
	return roomNamed(model, undefined).pending;
}

function lines(count: number): string {
	return count === 1 ? "1 line" : `${count} lines`;
}
