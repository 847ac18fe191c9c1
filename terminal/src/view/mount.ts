// Ink composes each frame; the painter puts it on the terminal. Ink's own way of writing assumes that it shares the screen with
// a scrolling shell; its `debug` mode hands over every frame whole instead, which is what a full screen needs.
import { Writable } from "node:stream";
import { render } from "ink";
import { createElement } from "react";
import type { Chat } from "../chat/chat.ts";
import type { Cursor, Painter } from "../screen/painter.ts";
import { App } from "./app.ts";
import type { Theme } from "./theme.ts";

export interface Mounted {
	/** Rejects with what broke a view. Never resolves before `unmount`. */
	readonly broken: Promise<unknown>;
	unmount(): void;
}

export function mount(chat: Chat, theme: Theme, painter: Painter): Mounted {
	let cursor: Cursor | undefined;
	const sink = new FrameSink(chat, (frame) => {
		const { columns, rows } = chat.desk.ui;
		painter.paint(frame.split("\n").slice(0, rows), cursor, columns);
	});
	const placeCursor = (place: Cursor | undefined): void => {
		cursor = place;
	};
	const instance = render(createElement(App, { chat, theme, placeCursor }), {
		stdout: sink as unknown as NodeJS.WriteStream,
		debug: true,
		exitOnCtrlC: false,
		patchConsole: false,
	});
	return {
		broken: instance.waitUntilExit(),
		unmount() {
			sink.deaf = true;
			instance.unmount();
		},
	};
}

/** What Ink takes for its terminal. */
class FrameSink extends Writable {
	deaf = false;
	private readonly chat: Chat;
	private readonly frame: (frame: string) => void;

	constructor(chat: Chat, frame: (frame: string) => void) {
		super({ decodeStrings: false });
		this.chat = chat;
		this.frame = frame;
	}

	get columns(): number {
		return this.chat.desk.ui.columns;
	}

	get rows(): number {
		return this.chat.desk.ui.rows;
	}

	override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
		if (!this.deaf && chunk !== "") this.frame(chunk);
		done();
	}
}
