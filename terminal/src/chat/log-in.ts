// Log-in: prompts for a name or a password, switches the identity on command, and returns to the previous one if the new one is
// refused.
import { type Client, type Credential, RefusedError, type Room } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import type { Identities, IdentityKind } from "../identity/identities.ts";
import { EMPTY } from "../input/editor.ts";
import { safeText } from "../text/safe.ts";
import { errorWords } from "./format.ts";
import type { ChatModel } from "./model.ts";

/** A prompt for a missing credential. */
export type LogInPrompt =
	| { readonly ask: "name" }
	| { readonly ask: "password"; readonly name: string; readonly register: boolean };

export interface LogIn {
	/** Opens a prompt; the composer shows it until it is answered. */
	ask(question: LogInPrompt): void;
	/** The answer to the open prompt. */
	answer(text: string): void;
	/** Closes the prompt, if a user is logged in. */
	dismiss(): void;
	/** Logged in: closes the prompt. */
	welcomed(): void;
	/** Switches the identity. Resolves with whether it succeeded; errors are shown as notices. */
	switchTo(credential: Credential): Promise<boolean>;
	logOut(): Promise<void>;
	/** The client has stopped with `error`: shows it and prompts again, unless `switchTo` is in progress. */
	refused(error: RefusedError): void;
}

/** Rooms that are joined again when a guest takes another name. */
const ROOMS_REJOINED_MAX = 20;

/** See identity/identities.ts. */
export type LogInIdentities = Pick<Identities, "load" | "setKind" | "last">;

export function createLogIn(model: ChatModel, identities: LogInIdentities, open: (room: Room) => void): LogIn {
	const { client } = model;
	let question: LogInPrompt | undefined;
	let switching = false;
	/** Kind and name of the current or last identity. */
	let kind: IdentityKind = identities.last?.kind ?? "guest";
	let name = identities.last?.name ?? "";

	const logIn: LogIn = {
		ask(next) {
			question = next;
			const never = client.user ? " (Esc: never mind)" : "";
			const prompt = next.ask === "name" ? "your name: " : `password for ${next.name}${never}: `;
			model.change((ui) => ({ ...ui, ask: { prompt, secret: next.ask === "password", editor: EMPTY }, completion: undefined }));
		},
		answer(text) {
			const asked = question;
			if (!asked || text === "") return;
			closeQuestion();
			if (asked.ask === "name") void logIn.switchTo({ guest: text.trim() });
			else {
				const account = { name: asked.name, password: text };
				void logIn.switchTo(asked.register ? { register: account } : { login: account });
			}
		},
		dismiss() {
			if (client.user) closeQuestion();
		},
		welcomed() {
			closeQuestion();
		},
		async switchTo(credential) {
			if (switching) {
				model.notify("one after the other: the last one is still being answered", "error");
				return false;
			}
			switching = true;
			closeQuestion();
			const before = client.user;
			const kept = before && (await identities.load().catch(() => undefined));
			const next: IdentityKind = "guest" in credential ? "guest" : "account";
			identities.setKind(next);
			const rejoined = "guest" in credential ? roomsToRejoin(client, model.ui.current) : [];
			try {
				const user = await client.logIn(credential);
				kind = next;
				name = user.name;
				model.notify(`you are ${safeText(user.name)} now`);
				for (const title of rejoined) {
					const room = await client.join(title).catch(() => undefined);
					if (room && title === rejoined[0]) open(room);
				}
				return true;
			} catch (error) {
				if (!(error instanceof RefusedError)) {
					// The client keeps trying; the status line shows it.
					model.notify(`no answer yet: ${errorWords(error)}`, "error");
					return false;
				}
				model.notify(errorWords(error), "error");
				identities.setKind(kind);
				if (before && kept) {
					const { access: token, refresh } = kept.tokens;
					client.logIn({ token, refresh }).then(
						() => model.notify(`you are still ${safeText(before.name)}`),
						(again: unknown) => model.notify(errorWords(again), "error"),
					);
				}
				// Prompts for the password again, also if a user is logged in: else it could be typed into the room and sent.
				const again = passwordAgain(credential, error);
				if (again) logIn.ask(again);
				else if (!before || !kept) logIn.ask({ ask: "name" });
				return false;
			} finally {
				switching = false;
			}
		},
		async logOut() {
			await client.logOut();
			model.notify("you are nobody now; what this machine knew of you is forgotten");
			logIn.ask({ ask: "name" });
		},
		refused(error) {
			if (switching || question) return;
			model.notify(errorWords(error), "error");
			logIn.ask(kind === "account" ? { ask: "password", name, register: false } : { ask: "name" });
		},
	};

	const closeQuestion = (): void => {
		question = undefined;
		model.change((ui) => (ui.ask ? { ...ui, ask: undefined } : ui));
	};
	return logIn;
}

/** Titles of the joined public channels, the shown one first. */
function roomsToRejoin(client: Client, current: string): string[] {
	return [...client.rooms.values()]
		.filter(({ kind }) => kind === Room_Kind.PUBLIC)
		.sort((a, b) => Number(b.id === current) - Number(a.id === current))
		.slice(0, ROOMS_REJOINED_MAX)
		.map(({ title }) => title);
}

/** The prompt to repeat, if the password was refused. */
function passwordAgain(credential: Credential, { code }: RefusedError): LogInPrompt | undefined {
	if (code !== "password_weak" && code !== "credentials_wrong" && code !== "rate_limited") return undefined;
	if ("login" in credential) return { ask: "password", name: credential.login.name, register: false };
	return "register" in credential ? { ask: "password", name: credential.register.name, register: true } : undefined;
}
