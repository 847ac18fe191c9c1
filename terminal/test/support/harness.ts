// A chat on a scripted client and a standing clock, drawn by Ink into an array of rows.
import { VirtualClock } from "@verbatim/testkit";
import { type Chat, type ChatParts, createChat } from "../../src/chat/chat.ts";
import { createKeyDecoder } from "../../src/input/keys.ts";
import type { Painter, ScreenCursor } from "../../src/screen/painter.ts";
import { mount } from "../../src/view/mount.ts";
import { themeFor } from "../../src/view/theme.ts";
import { FakeClient, NOON } from "./fake-client.ts";

export interface Harness {
	readonly chat: Chat;
	readonly client: FakeClient;
	readonly clock: VirtualClock;
	/** Bytes as a terminal sends them; then everything that follows from them. */
	type(bytes: string): Promise<void>;
	/** Everything that is due now, and the next frame. */
	settle(): Promise<void>;
	/** The newest frame: rows without colours. */
	rows(): string[];
	screen(): string;
	/** The frame as it was painted, with its codes. */
	painted(): readonly string[];
	cursor(): ScreenCursor | undefined;
	readonly frames: number;
	readonly redraws: number;
	unmount(): void;
}

export async function startChat(
	parts: Partial<ChatParts> & {
		readonly name?: string;
		readonly env?: Record<string, string>;
		readonly prepare?: (client: FakeClient) => void;
	} = {},
): Promise<Harness> {
	const client = new FakeClient();
	parts.prepare?.(client);
	const clock = new VirtualClock(NOON);
	let painted: readonly string[] = [];
	let cursor: ScreenCursor | undefined;
	let frames = 0;
	let redraws = 0;
	const painter: Painter = {
		paint(rows, place) {
			painted = rows;
			cursor = place;
			frames++;
		},
		drained: () => undefined,
		forget: () => undefined,
	};
	const chat = createChat({
		client,
		identities: { load: async () => undefined, setKind: () => undefined, last: undefined },
		clock,
		columns: 80,
		rows: 24,
		server: "ws://chat.test:8080/ws",
		question: undefined,
		room: undefined,
		lastRoom: undefined,
		remember: () => undefined,
		redraw: () => redraws++,
		suspend: () => undefined,
		...parts,
	});
	const mounted = mount(chat, themeFor(parts.env ?? { TERM: "xterm-256color" }), painter);
	const keys = createKeyDecoder();
	const harness: Harness = {
		chat,
		client,
		clock,
		async type(bytes) {
			for (const key of keys.push(bytes)) chat.key(key);
			for (const key of keys.flush()) chat.key(key);
			await harness.settle();
		},
		async settle() {
			// The frame, then what was seen in it, then that frame.
			for (let i = 0; i < 3; i++) await clock.advance(34);
		},
		rows: () => painted.map((row) => row.replace(SGR, "").trimEnd()),
		screen: () => harness.rows().join("\n"),
		painted: () => painted,
		cursor: () => cursor,
		get frames() {
			return frames;
		},
		get redraws() {
			return redraws;
		},
		unmount() {
			mounted.unmount();
			chat.close();
		},
	};
	if (parts.name !== undefined) client.become(parts.name);
	await harness.settle();
	return harness;
}

const SGR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
