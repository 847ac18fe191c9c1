// What the keys do: write, send, complete, recall, scroll, change the room, leave.
import { parseLine, secretFrom } from "../command/parse.ts";
import { COMMAND_NAMES } from "../command/table.ts";
import { type Completion, completed, completionOf, turned, type Words } from "../input/complete.ts";
import { EMPTY, edit, editorOf } from "../input/editor.ts";
import type { Key } from "../input/keys.ts";
import { recalled, remember } from "../input/recall.ts";
import { safeText } from "../text/safe.ts";
import { scrolled } from "../timeline/viewport.ts";
import { type CommandParts, carryOut } from "./commands.ts";
import type { Desk } from "./desk.ts";
import type { Scene } from "./scene.ts";
import { editorIn, viewOf, withEditor, withView } from "./state.ts";
import { errorWords, roomsInOrder } from "./words.ts";

export interface TypingParts extends CommandParts {
	readonly scene: () => Scene;
	/** Names of public channels, with `#`, as far as they were heard of. */
	readonly publicRooms: () => readonly string[];
	readonly redraw: () => void;
	readonly suspend: () => void;
}

/** PageUp pressed while older lines are loading counts this often at most. */
const OWED_PAGES_MAX = 20;

/** Gives what takes keys, one by one. */
export function createTyping(parts: TypingParts): (key: Key) => void {
	const { desk, rooms, who, scene } = parts;
	const { client } = desk;

	const say = (text: string): void => {
		const room = desk.room();
		if (!room) {
			const why = client.user
				? "you are in no room: /join NAME goes into one"
				: "there is no connection yet; try again in a moment";
			desk.tell(why, "error");
			return;
		}
		try {
			room.send(text);
			desk.change((ui) => withView(withEditor(ui, EMPTY), room.id, { anchor: undefined }));
		} catch (error) {
			// What was written stays where it is, to be mended.
			desk.tell(errorWords(error), "error");
		}
	};

	const enter = (): void => {
		const { text } = editorIn(desk.ui);
		const { ask } = desk.ui;
		if (ask && (ask.secret || !text.startsWith("/"))) {
			who.answer(text);
			return;
		}
		if (text.trim() === "") {
			desk.change((ui) => withEditor(ui, EMPTY));
			return;
		}
		// A secret is not for those who press Up later.
		const line = text.slice(0, secretFrom(text)).trimEnd();
		desk.change((ui) => ({ ...ui, recall: remember(ui.recall, line) }));
		const parsed = parseLine(text);
		if (parsed.kind === "say") {
			say(parsed.text);
			return;
		}
		desk.change((ui) => withEditor(ui, EMPTY));
		if (parsed.kind === "command") {
			carryOut(parts, parsed.name, parsed.words, parsed.rest);
			return;
		}
		const near = parsed.nearest ? `did you mean /${parsed.nearest}?` : "/help lists them";
		desk.tell(`there is no command /${safeText(parsed.name)}: ${near} (// says it; Up brings the line back)`, "error");
	};

	/** Rows that one has scrolled up beyond what is loaded; made up for when it has come. */
	let owed = 0;

	const scroll = (by: number): void => {
		const { items, lay, layout, room, seen } = scene();
		const { anchor, older } = viewOf(desk.ui);
		const owedMax = OWED_PAGES_MAX * layout.timeline;
		if (by < 0 && seen.atTop && older === "loading") {
			owed = Math.min(owed - by, owedMax);
			return;
		}
		const next = scrolled(items, lay, Math.max(1, layout.timeline), anchor, by, room?.to ?? 0);
		desk.change((ui) => withView(ui, ui.current, { anchor: next.anchor }));
		owed = Math.min(next.short, owedMax);
		if (by >= 0 || !room || !scene().seen.atTop) return;
		// Even where it has failed before: somebody asks.
		void rooms.loadOlder().then((count) => {
			const rest = owed;
			owed = 0;
			if (count > 0 && rest > 0 && desk.room() === room) scroll(-rest);
		});
	};

	const complete = (backwards: boolean): void => {
		const { completion } = desk.ui;
		const next = completion ? turned(completion, backwards) : completionOf(editorIn(desk.ui), wordsOf(desk, parts.publicRooms()));
		if (next) desk.change((ui) => withCompletion({ ...withEditor(ui, completed(next)) }, next));
	};

	/** Keys that are not for the editor; true if this was one. */
	const act = ({ name, ctrl, alt, shift }: Key & { kind: "key" }): boolean => {
		const page = Math.max(1, scene().layout.timeline - 2);
		const held = ctrl || alt;
		if (ctrl && name === "c") parts.quit();
		else if (ctrl && name === "d" && editorIn(desk.ui).text === "") parts.quit();
		else if (ctrl && name === "l") parts.redraw();
		else if (ctrl && name === "z") parts.suspend();
		else if (name === "enter" && !alt) enter();
		else if (name === "tab") complete(shift);
		else if (name === "pageup") scroll(-page);
		else if (name === "pagedown") scroll(page);
		else if (shift && name === "up") scroll(-1);
		else if (shift && name === "down") scroll(1);
		else if (name === "escape" || (held && name === "end")) {
			who.dismiss();
			owed = 0;
			desk.change((ui) => withView(ui, ui.current, { anchor: undefined }));
		} else if (held && (name === "n" || name === "down")) rooms.turn(1);
		else if (held && (name === "p" || name === "up")) rooms.turn(-1);
		else if (alt && name === "a") rooms.openUnread();
		else if (alt && /^[1-9]$/.test(name)) {
			const room = roomsInOrder(client)[Number(name) - 1];
			if (room) rooms.open(room);
		} else return false;
		return true;
	};

	return (key) => {
		const isTab = key.kind === "key" && key.name === "tab";
		if (!isTab) desk.change((ui) => (ui.completion ? withCompletion(ui, undefined) : ui));
		if (key.kind === "key" && act(key)) return;
		const before = editorIn(desk.ui);
		const editor = edit(before, key);
		if (editor) {
			desk.change((ui) => withEditor(ui, editor));
			if (key.kind !== "key" && !desk.ui.ask && !editor.text.startsWith("/")) desk.room()?.sendTyping();
			return;
		}
		if (key.kind !== "key" || (key.name !== "up" && key.name !== "down") || desk.ui.ask) return;
		const found = recalled(desk.ui.recall, before, key.name);
		if (found) desk.change((ui) => ({ ...withEditor(ui, editorOf(found.editor.text)), recall: found.recall }));
	};
}

function withCompletion(ui: Desk["ui"], completion: Completion | undefined): Desk["ui"] {
	return { ...ui, completion };
}

/** What Tab knows. Who spoke last comes first. */
function wordsOf(desk: Desk, publicRooms: readonly string[]): Words {
	const { client } = desk;
	const spoke = (desk.room()?.timeline ?? []).slice(-200).map(({ sender }) => sender?.name ?? "");
	const known = [...client.rooms.values()].flatMap(({ peer, members }) => [
		peer?.name ?? "",
		...Array.from(members.values(), ({ user }) => user.name),
	]);
	const titles = [
		...Array.from(client.invitations.values(), ({ name }) => `#${name}`),
		...roomsInOrder(client).map(({ title }) => title),
		...publicRooms,
	];
	return {
		commands: COMMAND_NAMES,
		rooms: titles.filter((title) => title.startsWith("#") && title.length > 1),
		users: [...new Set([...spoke.reverse(), ...known])].filter((name) => name !== "" && name !== client.user?.name),
	};
}
