// Who one is: asks for a name or a password where none was given, becomes somebody else on command, and goes back to who one
// was if that is refused.
import { type Client, type Credential, RefusedError, type Room } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import type { Identities, IdentityKind } from "../identity/identities.ts";
import { EMPTY } from "../input/editor.ts";
import { safeText } from "../text/safe.ts";
import type { Desk } from "./desk.ts";
import { errorWords } from "./words.ts";

/** What must be asked before one can come in. */
export type Question = { readonly ask: "name" } | { readonly ask: "password"; readonly name: string; readonly register: boolean };

export interface Who {
	/** Asks `question`; the composer shows it until it is answered. */
	ask(question: Question): void;
	/** What was entered while a question was open. */
	answer(text: string): void;
	/** Leaves the question unanswered, if one is somebody already. */
	dismiss(): void;
	/** One is somebody: there is nothing left to ask. */
	welcomed(): void;
	/** Becomes somebody (else). True if that came to be; what went wrong is told. */
	become(credential: Credential): Promise<boolean>;
	logOut(): Promise<void>;
	/** The client has stopped for good because of `error`: says so and asks anew, unless `become` is at it. */
	refused(error: RefusedError): void;
}

/** Rooms that come along when a guest takes another name. */
const ROOMS_TAKEN_ALONG_MAX = 20;

/** What is known of who one was: see identity/identities.ts. */
export type WhoIdentities = Pick<Identities, "load" | "becoming" | "last">;

export function createWho(desk: Desk, identities: WhoIdentities, open: (room: Room) => void): Who {
	const { client } = desk;
	let question: Question | undefined;
	let becoming = false;
	/** What one is, or was last. */
	let kind: IdentityKind = identities.last?.kind ?? "guest";
	let name = identities.last?.name ?? "";

	const who: Who = {
		ask(next) {
			question = next;
			const never = client.user ? " (Esc: never mind)" : "";
			const prompt = next.ask === "name" ? "your name: " : `password for ${next.name}${never}: `;
			desk.change((ui) => ({ ...ui, ask: { prompt, secret: next.ask === "password", editor: EMPTY }, completion: undefined }));
		},
		answer(text) {
			const asked = question;
			if (!asked || text === "") return;
			closeQuestion();
			if (asked.ask === "name") void who.become({ guest: text.trim() });
			else {
				const account = { name: asked.name, password: text };
				void who.become(asked.register ? { register: account } : { login: account });
			}
		},
		dismiss() {
			if (client.user) closeQuestion();
		},
		welcomed() {
			closeQuestion();
		},
		async become(credential) {
			if (becoming) {
				desk.tell("one after the other: the last one is still being answered", "error");
				return false;
			}
			becoming = true;
			closeQuestion();
			const before = client.user;
			const kept = before && (await identities.load().catch(() => undefined));
			const next: IdentityKind = "guest" in credential ? "guest" : "account";
			identities.becoming(next);
			const along = "guest" in credential ? takenAlong(client, desk.ui.current) : [];
			try {
				const user = await client.logIn(credential);
				kind = next;
				name = user.name;
				desk.tell(`you are ${safeText(user.name)} now`);
				for (const title of along) {
					const room = await client.join(title).catch(() => undefined);
					if (room && title === along[0]) open(room);
				}
				return true;
			} catch (error) {
				if (!(error instanceof RefusedError)) {
					// It goes on trying; the status line says how.
					desk.tell(`no answer yet: ${errorWords(error)}`, "error");
					return false;
				}
				desk.tell(errorWords(error), "error");
				identities.becoming(kind);
				if (before && kept) {
					const { access: token, refresh } = kept.tokens;
					client.logIn({ token, refresh }).then(
						() => desk.tell(`you are still ${safeText(before.name)}`),
						(again: unknown) => desk.tell(errorWords(again), "error"),
					);
				}
				// A password is asked for again even of somebody who is somebody: typed once more into the room, it would be said.
				const again = passwordAgain(credential, error);
				if (again) who.ask(again);
				else if (!before || !kept) who.ask({ ask: "name" });
				return false;
			} finally {
				becoming = false;
			}
		},
		async logOut() {
			await client.logOut();
			desk.tell("you are nobody now; what this machine knew of you is forgotten");
			who.ask({ ask: "name" });
		},
		refused(error) {
			if (becoming || question) return;
			desk.tell(errorWords(error), "error");
			who.ask(kind === "account" ? { ask: "password", name, register: false } : { ask: "name" });
		},
	};

	const closeQuestion = (): void => {
		question = undefined;
		desk.change((ui) => (ui.ask ? { ...ui, ask: undefined } : ui));
	};
	return who;
}

/** Titles of the public channels one is in, the one shown first. */
function takenAlong(client: Client, current: string): string[] {
	return [...client.rooms.values()]
		.filter(({ kind }) => kind === Room_Kind.PUBLIC)
		.sort((a, b) => Number(b.id === current) - Number(a.id === current))
		.slice(0, ROOMS_TAKEN_ALONG_MAX)
		.map(({ title }) => title);
}

/** The question to repeat, where it was the password that was refused. */
function passwordAgain(credential: Credential, { code }: RefusedError): Question | undefined {
	if (code !== "password_weak" && code !== "credentials_wrong" && code !== "rate_limited") return undefined;
	if ("login" in credential) return { ask: "password", name: credential.login.name, register: false };
	return "register" in credential ? { ask: "password", name: credential.register.name, register: true } : undefined;
}
