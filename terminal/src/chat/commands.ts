// Carries commands out. The table of command/table.ts says what there is; a command without a handler does not compile.
import type { Room, RoomInfo } from "@verbatim/client";
import { Room_Standing } from "@verbatim/protocol";
import { nearest } from "../command/nearest.ts";
import { COMMAND_NAMES, COMMANDS, type CommandName, isCommandName } from "../command/table.ts";
import { safeText } from "../text/safe.ts";
import type { Desk } from "./desk.ts";
import type { Rooms } from "./rooms.ts";
import type { Who } from "./who.ts";
import { channelRef, errorWords, roomWords } from "./words.ts";

export interface CommandParts {
	readonly desk: Desk;
	readonly rooms: Rooms;
	readonly who: Who;
	/** The server's list of rooms, just heard: for completion. */
	readonly heard: (rooms: readonly RoomInfo[]) => void;
	readonly quit: () => void;
	/** Where the list that was shown last goes on. */
	readonly list: { next: (() => Promise<void>) | undefined };
}

/** Rooms and members shown at once. */
const LIST_MAX = 100;

/** Carries `name` out. What goes wrong is told where the command was given. */
export function carryOut(parts: CommandParts, name: CommandName, words: readonly string[], rest: string): void {
	const { desk } = parts;
	const where = desk.ui.current;
	const command: Given = { ...parts, words, rest, tell: (text, tone) => desk.tell(text, tone, where) };
	Promise.resolve()
		.then(() => HANDLERS[name](command))
		.catch((error: unknown) => {
			desk.tell(error instanceof Usage ? `like this: ${COMMANDS[name].usage}` : errorWords(error), "error", where);
		});
}

interface Given extends CommandParts {
	readonly words: readonly string[];
	readonly rest: string;
	tell(text: string, tone?: "info" | "error"): void;
}

/** An argument is missing. */
class Usage extends Error {}
/** Something that only this side knows is not so. */
class Mistake extends Error {}

const HANDLERS: Readonly<Record<CommandName, (given: Given) => Promise<void> | void>> = {
	async join({ desk, rooms, words }) {
		const name = must(words[0]);
		const invitation = [...desk.client.invitations.values()].find((info) => `#${info.name}` === channelRef(name));
		rooms.open(await desk.client.join(invitation?.id ?? channelRef(name), { create: invitation === undefined }));
	},
	async leave({ desk, words, tell }) {
		const room = roomNamed(desk, words[0]);
		await room.leave();
		tell(`you have left ${safeText(room.title)}`);
	},
	async msg({ desk, rooms, words, rest }) {
		const room = await desk.client.direct(must(words[0]));
		rooms.open(room);
		if (rest.trim() !== "") room.send(rest);
	},
	rooms: (given) => showRooms(given, undefined, []),
	who: (given) => showMembers(given, roomNamed(given.desk, given.words[0]), 0),
	more({ list, tell }) {
		return list.next ? list.next() : tell("there is no more; /who and /rooms show the first");
	},
	async history({ desk, rooms, words, tell }) {
		const count = words[0] === undefined ? 50 : Number(words[0]);
		if (!Number.isInteger(count) || count < 1 || count > 10_000) throw new Usage();
		const room = roomNamed(desk, undefined);
		let loaded = 0;
		while (loaded < count) {
			const more = await rooms.loadOlder(Math.min(200, count - loaded));
			if (more === 0) break;
			loaded += more;
		}
		if (room.from <= 1) tell(loaded > 0 ? `${lines(loaded)} loaded: that is all there is` : "nothing came before");
		else tell(`${lines(loaded)} loaded; PageUp shows them`);
	},
	async create({ desk, rooms, words }) {
		const hidden = words.includes("--private");
		const name = must(words.find((word) => word !== "--private"));
		rooms.open(await desk.client.create(name.replace(/^#/, ""), { private: hidden }));
	},
	async invite({ desk, words, tell }) {
		const name = must(words[0]).replace(/^@/, "");
		const room = roomNamed(desk, undefined);
		await room.invite(name);
		tell(`${safeText(name)} is invited to ${safeText(room.title)}`);
	},
	async rename({ desk, words }) {
		await roomNamed(desk, undefined).rename(must(words[0]).replace(/^#/, ""));
	},
	async nick({ who, words }) {
		await who.become({ guest: must(words[0]) });
	},
	async register({ who, words, rest }) {
		const name = must(words[0]);
		if (rest === "") return who.ask({ ask: "password", name, register: true });
		await who.become({ register: { name, password: rest } });
	},
	async login({ who, words, rest }) {
		const name = must(words[0]);
		if (rest === "") return who.ask({ ask: "password", name, register: false });
		await who.become({ login: { name, password: rest } });
	},
	async logout({ who }) {
		await who.logOut();
	},
	retry({ desk, tell }) {
		const failed = pendingHere(desk).filter(({ status }) => status.state === "failed");
		if (failed.length === 0) return tell("nothing has failed here");
		for (const delivery of failed) delivery.retry();
	},
	discard({ desk, words, tell }) {
		const all = words[0] === "all";
		const chosen = pendingHere(desk).filter(({ status }) => status.state === "failed" || (all && status.state !== "done"));
		if (chosen.length === 0)
			return tell(all ? "nothing waits here" : "nothing has failed here; /discard all takes back what waits");
		for (const delivery of chosen) delivery.discard();
		tell(`${lines(chosen.length)} taken back`);
	},
	reconnect({ desk }) {
		desk.client.reconnect();
	},
	help({ words, tell }) {
		const name = words[0]?.replace(/^\//, "").toLowerCase();
		if (name === undefined) return tell(HELP);
		const meant = isCommandName(name) ? name : nearest(name, COMMAND_NAMES);
		if (!meant) throw new Mistake(`there is no command /${safeText(name)}; /help lists them`);
		tell(`${COMMANDS[meant].usage}: ${COMMANDS[meant].help}`);
	},
	quit({ quit }) {
		quit();
	},
};

const USAGE_CELLS = Math.max(...COMMAND_NAMES.map((name) => COMMANDS[name].usage.length)) + 2;

const HELP = [
	...COMMAND_NAMES.map((name) => COMMANDS[name].usage.padEnd(USAGE_CELLS) + COMMANDS[name].help),
	"what does not begin with / is said; // says it with one /",
	"Enter sends; Alt+Enter, Ctrl+J: new line; Tab completes",
	"PageUp, PageDown, Shift+arrows scroll; Esc: to the end",
	"Ctrl+N, Ctrl+P, Ctrl+arrows: other room; Alt+A: unread",
	"Up, Down: your own lines; Ctrl+L draws anew; Ctrl+C leaves",
].join("\n");

function must(word: string | undefined): string {
	if (word === undefined) throw new Usage();
	return word;
}

/** The room of this name, or the one that is shown. */
function roomNamed(desk: Desk, name: string | undefined): Room {
	const wanted = name && channelRef(name).toLowerCase();
	const room = wanted ? [...desk.client.rooms.values()].find(({ title }) => title.toLowerCase() === wanted) : desk.room();
	if (!room) throw new Mistake(name ? `you are not in ${safeText(name)}` : "you are in no room: /join NAME goes into one");
	return room;
}

async function showRooms(given: Given, after: string | undefined, before: readonly RoomInfo[]): Promise<void> {
	const { desk, heard, list, tell } = given;
	const { rooms, next } = await desk.client.listRoomsPage({ limit: LIST_MAX, ...(after !== undefined && { after }) });
	const all = [...before, ...rooms];
	heard(all);
	list.next = next === undefined ? undefined : () => showRooms(given, next, all);
	if (all.length === 0) return tell("there is no room yet: /join NAME makes one");
	const count = all.length === 1 ? "one room" : `${all.length} rooms`;
	const head = next === undefined ? count : `the first ${count}, /more shows more`;
	tell([`${head}; /join NAME goes in`, ...rooms.map(roomWords)].join("\n"));
}

/** Those of the room, from the `shown`th on. */
async function showMembers(given: Given, room: Room, shown: number): Promise<void> {
	const { list, tell } = given;
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
	tell(`in ${safeText(room.title)}${count}: ${named.join(", ")}${list.next ? `; ${more} more: /more` : ""}`);
}

function pendingHere(desk: Desk): Room["pending"] {
	return roomNamed(desk, undefined).pending;
}

function lines(count: number): string {
	return count === 1 ? "1 line" : `${count} lines`;
}
