// One run of the terminal client: checks the terminal, determines the credential, connects, runs the UI, and restores the terminal.
// The only place that chooses the parts.
import { join } from "node:path";
import { type Client, type Credential, systemClock } from "@verbatim/client";
import { connect, fileMarks, fileOutbox } from "@verbatim/client/node";
import { type Chat, createChat } from "./chat/chat.ts";
import { outboxWords } from "./chat/format.ts";
import type { LogInPrompt } from "./chat/log-in.ts";
import { type Identities, openIdentities } from "./identity/identities.ts";
import { fileNameOf, type ProcessEnv, stateFolder } from "./identity/state-folder.ts";
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
	readonly env: ProcessEnv;
	/** Name and version of the program, for the server's log. */
	readonly client?: string;
}

/** Exit codes of `runChat`, after sysexits.h. */
export const CHAT_EXIT = {
	ok: 0,
	/** Not a terminal, or a wrong option. */
	usage: 64,
	/** The state folder cannot be used. */
	unwritable: 73,
} as const;

/** Time-out of draining and closing at exit. The outbox keeps what is not acknowledged. */
const LEAVE_MS = 2_000;

/**
 * Runs the terminal client until the user leaves; resolves with the exit code. Usage errors are printed on `stderr`; it rejects for
 * bugs only, after the terminal was restored.
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
	const { credential, question } = await initialCredential(options, identities);
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
		await runUi({ options, identities, client, question, stdin, stdout, env, server: endpoints.join(", ") });
	} finally {
		await identities.flush();
	}
	const rest = outboxWords(client);
	if (rest) stdout.write(`verbatim: ${rest}; kept, and sent when you come back\n`);
	return CHAT_EXIT.ok;
}

/** The credential, by the options and the last run; or the prompt for it. */
async function initialCredential(
	options: ChatOptions,
	identities: Identities,
): Promise<{ readonly credential?: Credential; readonly question?: LogInPrompt }> {
	const { user, password, name } = options;
	const { last } = identities;
	const kept = (await identities.load().catch(() => undefined)) !== undefined;
	if (user !== undefined) {
		identities.setKind("account");
		if (password !== undefined) return { credential: { login: { name: user, password } } };
		return kept ? {} : { question: { ask: "password", name: user, register: false } };
	}
	if (name !== undefined) {
		// The account of this name that was used here last: a guest could not have its name.
		if (last?.kind === "account") return kept ? {} : { question: { ask: "password", name, register: false } };
		return { credential: { guest: name } };
	}
	if (last?.kind === "guest") return { credential: { guest: last.name } };
	if (last) return kept ? {} : { question: { ask: "password", name: last.name, register: false } };
	return { question: { ask: "name" } };
}

/** Waits for the last sends, and closes the client. */
async function drainAndClose(client: Client): Promise<void> {
	if (client.status.state === "live") await client.drain({ timeoutMs: LEAVE_MS / 2 }).catch(() => undefined);
	await client.close();
}

interface UiParts extends Pick<ChatProcess, "options" | "stdin" | "stdout" | "env"> {
	readonly identities: Identities;
	readonly client: Client;
	readonly question: LogInPrompt | undefined;
	readonly server: string;
}

async function runUi({ options, identities, client, question, stdin, stdout, env, server }: UiParts): Promise<void> {
	// React defaults to its development build, which keeps measurements of every frame. Ink is imported here, to keep the start of
	// other commands fast.
	process.env.NODE_ENV ??= "production";
	const { mount } = await import("./view/mount.ts");
	const painter = createPainter({ write: (text) => stdout.write(text) });
	let chat: Chat | undefined;
	const closed = Promise.withResolvers<void>();
	const terminal = enterTerminal(stdin, stdout, systemClock, {
		key: (key) => chat?.key(key),
		resized(columns, rows) {
			painter.forget();
			chat?.resize(columns, rows);
		},
		drained: () => painter.drained(),
		stale() {
			painter.forget();
			chat?.model.touch();
		},
		closed: () => closed.resolve(),
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
			remember: (title) => identities.setRoom(title),
			redraw() {
				painter.forget();
				chat?.model.touch();
			},
			suspend: () => terminal.suspend(),
		});
		const mounted = mount(chat, themeFor(env), painter);
		await Promise.race([chat.left, closed.promise, mounted.failed]);
		const timedOut = Promise.withResolvers<void>();
		const cancel = systemClock.after(LEAVE_MS, timedOut.resolve);
		await Promise.race([drainAndClose(client), chat.leftAtOnce, closed.promise, timedOut.promise]);
		cancel();
		mounted.unmount();
	} finally {
		chat?.close();
		terminal.leave();
	}
}
