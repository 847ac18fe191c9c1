// Key bindings: edit, send, complete, history, scroll, switch rooms, quit.
import { parseInput, secretFrom } from "../command/parse-input.ts";
import { SLASH_COMMAND_NAMES } from "../command/slash-commands.ts";
import { type Completion, type CompletionSources, completionOf, nextCandidate, withCandidate } from "../input/complete.ts";
import { EMPTY, edit, editorOf } from "../input/editor.ts";
import { remember, stepHistory } from "../input/input-history.ts";
import type { Key } from "../input/keys.ts";
import { safeText } from "../text/safe.ts";
import { scrolled } from "../timeline/viewport.ts";
import { type CommandContext, execute } from "./command-handlers.ts";
import { errorWords, roomsInOrder } from "./format.ts";
import type { ChatModel } from "./model.ts";
import type { Scene } from "./scene.ts";
import { activeEditor, viewOf, withEditor, withView } from "./state.ts";

export interface KeyBindingParts extends CommandContext {
	readonly scene: () => Scene;
	/** Names of public channels, with `#`, of the last list. */
	readonly publicRooms: () => readonly string[];
	readonly redraw: () => void;
	readonly suspend: () => void;
}

/** Pages that PageUp may accumulate while older entries are loading. */
const PENDING_PAGES_MAX = 20;

/** Returns the key handler. */
export function createKeyBindings(parts: KeyBindingParts): (key: Key) => void {
	const { model, rooms, logIn, scene } = parts;
	const { client } = model;

	const say = (text: string): void => {
		const room = model.room();
		if (!room) {
			const why = client.user
				? "you are in no room: /join NAME goes into one"
				: "there is no connection yet; try again in a moment";
			model.notify(why, "error");
			return;
		}
		try {
			room.send(text);
			model.change((ui) => withView(withEditor(ui, EMPTY), room.id, { anchor: undefined }));
		} catch (error) {
			// The text stays in the editor.
			model.notify(errorWords(error), "error");
		}
	};

	const enter = (): void => {
		const { text } = activeEditor(model.ui);
		const { ask } = model.ui;
		if (ask && (ask.secret || !text.startsWith("/"))) {
			logIn.answer(text);
			return;
		}
		if (text.trim() === "") {
			model.change((ui) => withEditor(ui, EMPTY));
			return;
		}
		// Secrets do not go into the history.
		const line = text.slice(0, secretFrom(text)).trimEnd();
		model.change((ui) => ({ ...ui, recall: remember(ui.recall, line) }));
		const parsed = parseInput(text);
		if (parsed.kind === "say") {
			say(parsed.text);
			return;
		}
		model.change((ui) => withEditor(ui, EMPTY));
		if (parsed.kind === "command") {
			execute(parts, parsed.name, parsed.words, parsed.rest);
			return;
		}
		const near = parsed.nearest ? `did you mean /${parsed.nearest}?` : "/help lists them";
		model.notify(`there is no command /${safeText(parsed.name)}: ${near} (// says it; Up brings the line back)`, "error");
	};

	/** Rows scrolled up beyond the loaded entries; scrolled when more are loaded. */
	let pendingRows = 0;

	const scroll = (by: number): void => {
		const { items, itemLines, layout, room, visible } = scene();
		const { anchor, older } = viewOf(model.ui);
		const pendingMax = PENDING_PAGES_MAX * layout.timeline;
		if (by < 0 && visible.atTop && older === "loading") {
			pendingRows = Math.min(pendingRows - by, pendingMax);
			return;
		}
		const next = scrolled(items, itemLines, Math.max(1, layout.timeline), anchor, by, room?.to ?? 0);
		model.change((ui) => withView(ui, ui.current, { anchor: next.anchor }));
		pendingRows = Math.min(next.short, pendingMax);
		if (by >= 0 || !room || !scene().visible.atTop) return;
		// An explicit request: also after a failure.
		void rooms.loadOlder().then((count) => {
			const rest = pendingRows;
			pendingRows = 0;
			if (count > 0 && rest > 0 && model.room() === room) scroll(-rest);
		});
	};

	const complete = (backwards: boolean): void => {
		const { completion } = model.ui;
		const next = completion
			? nextCandidate(completion, backwards)
			: completionOf(activeEditor(model.ui), wordsOf(model, parts.publicRooms()));
		if (next) model.change((ui) => withCompletion({ ...withEditor(ui, withCandidate(next)) }, next));
	};

	/** Handles keys that do not edit; true if it was one. */
	const act = ({ name, ctrl, alt, shift }: Key & { kind: "key" }): boolean => {
		const page = Math.max(1, scene().layout.timeline - 2);
		const held = ctrl || alt;
		if (ctrl && name === "c") parts.quit();
		else if (ctrl && name === "d" && activeEditor(model.ui).text === "") parts.quit();
		else if (ctrl && name === "l") parts.redraw();
		else if (ctrl && name === "z") parts.suspend();
		else if (name === "enter" && !alt) enter();
		else if (name === "tab") complete(shift);
		else if (name === "pageup") scroll(-page);
		else if (name === "pagedown") scroll(page);
		else if (shift && name === "up") scroll(-1);
		else if (shift && name === "down") scroll(1);
		else if (name === "escape" || (held && name === "end")) {
			logIn.dismiss();
			pendingRows = 0;
			model.change((ui) => withView(ui, ui.current, { anchor: undefined }));
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
		if (!isTab) model.change((ui) => (ui.completion ? withCompletion(ui, undefined) : ui));
		if (key.kind === "key" && act(key)) return;
		const before = activeEditor(model.ui);
		const editor = edit(before, key);
		if (editor) {
			model.change((ui) => withEditor(ui, editor));
			if (key.kind !== "key" && !model.ui.ask && !editor.text.startsWith("/")) model.room()?.sendTyping();
			return;
		}
		if (key.kind !== "key" || (key.name !== "up" && key.name !== "down") || model.ui.ask) return;
		const found = stepHistory(model.ui.recall, before, key.name);
		if (found) model.change((ui) => ({ ...withEditor(ui, editorOf(found.editor.text)), recall: found.recall }));
	};
}

function withCompletion(ui: ChatModel["ui"], completion: Completion | undefined): ChatModel["ui"] {
	return { ...ui, completion };
}

/** Candidates of Tab completion. Users who spoke last come first. */
function wordsOf(model: ChatModel, publicRooms: readonly string[]): CompletionSources {
	const { client } = model;
	const spoke = (model.room()?.timeline ?? []).slice(-200).map(({ sender }) => sender?.name ?? "");
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
		commands: SLASH_COMMAND_NAMES,
		rooms: titles.filter((title) => title.startsWith("#") && title.length > 1),
		users: [...new Set([...spoke.reverse(), ...known])].filter((name) => name !== "" && name !== client.user?.name),
	};
}
