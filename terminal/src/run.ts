// One chat from start to end: looks whether there is a terminal, finds out who one is, connects, shows, and puts everything
// back. The one place where the parts are chosen.
import { join } from "node:path";
import { type Client, type Credential, systemClock } from "@verbatim/client";
import { connect, fileMarks, fileOutbox } from "@verbatim/client/node";
import { type Chat, createChat } from "./chat/chat.ts";
import type { Question } from "./chat/who.ts";
import { outboxWords } from "./chat/words.ts";
import { type Environment, fileNameOf, stateFolder } from "./identity/folder.ts";
import { type Identities, openIdentities } from "./identity/identities.ts";
import { type ChatOptions, endpointsOf } from "./options.ts";
import { createPainter } from "./screen/painter.ts";
import { enterTerminal, sizeOf, type TerminalInput, type TerminalOutput } from "./screen/terminal.ts";
import { safeText } from "./text/safe.ts";
import { themeFor } from "./view/theme.ts";

export interface ChatProcess {
	readonly options: ChatOptions;
	readonly stdin: TerminalInput;
	readonly stdout: TerminalOutput;
	readonly stderr: { write(text: string): unknown };
	readonly env: Environment;
	/** Name and version of the program, for the server's log. */
	readonly client?: string;
}

/** What `runChat` resolves with; after sysexits.h. */
export const CHAT_EXIT = {
	ok: 0,
	/** There is no terminal, or an option is wrong. */
	usage: 64,
	/** The state folder cannot be used. */
	unwritable: 73,
} as const;

/** How long leaving may wait for the server's goodbye. What is not acknowledged stays in the outbox in any case. */
const LEAVE_MS = 2_000;

/**
 * Runs the terminal client until the user leaves, and resolves with the exit code. Everything that a user may do wrong is said
 * on `stderr`; it rejects for a bug only, after the terminal was put back.
 */
export async function runChat({ options, stdin, stdout, stderr, env, client: program }: ChatProcess): Promise<number> {
	const fail = (words: string, code: number): number => {
		stderr.write(`verbatim chat: ${words}\n`);
		return code;
	};
	if (!stdin.isTTY || !stdout.isTTY || env.TERM === "dumb") {
		return fail(
			"this needs a terminal to draw on. For scripts and pipes: `verbatim tail '#room'` reads, `verbatim send '#room' 'text'` writes.",
			CHAT_EXIT.usage,
		);
	}
	const endpoints = endpointsOf(options.server);
	if ("wrong" in endpoints) return fail(endpoints.wrong, CHAT_EXIT.usage);
	const folder = join(stateFolder(env), fileNameOf(endpoints.join(",")));
	let identities: Identities;
	try {
		identities = await openIdentities(folder, options.user ?? options.name);
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		return fail(
			`cannot keep anything in ${folder} (${why}); set XDG_STATE_HOME to a folder that can be written`,
			CHAT_EXIT.unwritable,
		);
	}
	const { credential, question } = await introduction(options, identities);
	const client = connect({
		endpoints,
		tokens: identities,
		outbox: fileOutbox(join(folder, "outbox")),
		marks: fileMarks(join(folder, "seen")),
		client: program ?? "verbatim-terminal",
		resolvers: options.resolvers ?? [],
		...(credential && { credential }),
	});
	try {
		await converse({ options, identities, client, question, stdin, stdout, env, server: endpoints.join(", ") });
	} finally {
		await identities.flush();
	}
	const rest = outboxWords(client);
	if (rest) stdout.write(`verbatim: ${rest}; kept, and sent when you come back\n`);
	return CHAT_EXIT.ok;
}

/** Who one is by the options and by last time, and what has to be asked. */
async function introduction(
	options: ChatOptions,
	identities: Identities,
): Promise<{ readonly credential?: Credential; readonly question?: Question }> {
	const { user, password, name } = options;
	const { last } = identities;
	const kept = (await identities.load().catch(() => undefined)) !== undefined;
	if (user !== undefined) {
		identities.becoming("account");
		if (password !== undefined) return { credential: { login: { name: user, password } } };
		return kept ? {} : { question: { ask: "password", name: user, register: false } };
	}
	if (name !== undefined) {
		// An account of this name that was used here is meant rather than a guest, who could not have its name anyway.
		if (last?.kind === "account") return kept ? {} : { question: { ask: "password", name, register: false } };
		return { credential: { guest: name } };
	}
	if (last?.kind === "guest") return { credential: { guest: last.name } };
	if (last) return kept ? {} : { question: { ask: "password", name: last.name, register: false } };
	return { question: { ask: "name" } };
}

/** What was said last goes out rather than waits for the next visit; the outbox has what does not. */
async function part(client: Client): Promise<void> {
	if (client.status.state === "live") await client.drain({ timeoutMs: LEAVE_MS / 2 }).catch(() => undefined);
	await client.close();
}

interface Conversation extends Pick<ChatProcess, "options" | "stdin" | "stdout" | "env"> {
	readonly identities: Identities;
	readonly client: Client;
	readonly question: Question | undefined;
	readonly server: string;
}

async function converse({ options, identities, client, question, stdin, stdout, env, server }: Conversation): Promise<void> {
	// React is made for development unless told otherwise, and then keeps measurements of every frame. Ink comes late, so that
	// whoever only asks for help does not wait for it.
	process.env.NODE_ENV ??= "production";
	const { mount } = await import("./view/mount.ts");
	const painter = createPainter({ write: (text) => stdout.write(text) });
	let chat: Chat | undefined;
	const gone = Promise.withResolvers<void>();
	const terminal = enterTerminal(stdin, stdout, systemClock, {
		key: (key) => chat?.key(key),
		resized(columns, rows) {
			painter.forget();
			chat?.resize(columns, rows);
		},
		drained: () => painter.drained(),
		stale() {
			painter.forget();
			chat?.desk.touch();
		},
		gone: () => gone.resolve(),
	});
	try {
		chat = createChat({
			client,
			identities,
			clock: systemClock,
			...sizeOf(stdout),
			server: safeText(server),
			question,
			room: options.room,
			lastRoom: identities.last?.room,
			remember: (title) => identities.showing(title),
			redraw() {
				painter.forget();
				chat?.desk.touch();
			},
			suspend: () => terminal.suspend(),
		});
		const mounted = mount(chat, themeFor(env), painter);
		await Promise.race([chat.left, gone.promise, mounted.broken]);
		const tired = Promise.withResolvers<void>();
		const cancel = systemClock.after(LEAVE_MS, tired.resolve);
		await Promise.race([part(client), chat.leftAtOnce, gone.promise, tired.promise]);
		cancel();
		mounted.unmount();
	} finally {
		chat?.close();
		terminal.leave();
	}
}
