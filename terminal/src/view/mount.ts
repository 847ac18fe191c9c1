// Ink composes each frame; the painter writes it to the terminal. Ink's own output assumes a scrolling shell; its `debug` mode emits
// whole frames instead, as a full-screen program needs.
import { Writable } from "node:stream";
import { render } from "ink";
import { createElement } from "react";
import type { Chat } from "../chat/chat.ts";
import type { Painter, ScreenCursor } from "../screen/painter.ts";
import { App } from "./app.ts";
import type { Theme } from "./theme.ts";

export interface Mounted {
	/** Rejects with an exception of a view. Resolves only after `unmount`. */
	readonly failed: Promise<unknown>;
	unmount(): void;
}

export function mount(chat: Chat, theme: Theme, painter: Painter): Mounted {
	let cursor: ScreenCursor | undefined;
	const sink = new FrameSink(chat, (frame) => {
		const { columns, rows } = chat.model.ui;
		painter.paint(frame.split("\n").slice(0, rows), cursor, columns);
	});
	const placeCursor = (place: ScreenCursor | undefined): void => {
		cursor = place;
	};
	const instance = render(createElement(App, { chat, theme, placeCursor }), {
		stdout: sink as unknown as NodeJS.WriteStream,
		debug: true,
		exitOnCtrlC: false,
		patchConsole: false,
	});
	return {
		failed: instance.waitUntilExit(),
		unmount() {
			sink.isClosed = true;
			instance.unmount();
		},
	};
}

/** Ink's output stream. */
class FrameSink extends Writable {
	isClosed = false;
	private readonly chat: Chat;
	private readonly frame: (frame: string) => void;

	constructor(chat: Chat, frame: (frame: string) => void) {
		super({ decodeStrings: false });
		this.chat = chat;
		this.frame = frame;
	}

	get columns(): number {
		return this.chat.model.ui.columns;
	}

	get rows(): number {
		return this.chat.model.ui.rows;
	}

	override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
		if (!this.isClosed && chunk !== "") this.frame(chunk);
		done();
	}
}
