// The page's texts: entries other than messages, the state of the connection, errors.
import {
	ConnectError,
	type DeliveryState,
	RefusedError,
	ServerClosedError,
	type Status,
	UnknownOutcomeError,
	VerbatimError,
} from "@verbatim/client";
import { type Entry, Room_Kind, type User, unreachable } from "@verbatim/protocol";

/** The text of an entry that is no message, without its time. */
export function noticeOf(entry: Entry): string {
	const who = entry.sender?.name ?? "Somebody";
	const { body } = entry;
	switch (body.case) {
		case "created":
			return body.value.kind === Room_Kind.DIRECT
				? `${who} began this conversation`
				: `${who} created ${body.value.kind === Room_Kind.PRIVATE ? "the private room " : ""}#${body.value.name}`;
		case "joined":
			return `${who} joined`;
		case "left":
			return body.value.reason === "" ? `${who} left` : `${who} left (${body.value.reason})`;
		case "renamed":
			return `${who} renamed the room to #${body.value.name}`;
		case "invited":
			return `${who} invited ${body.value.user?.name ?? "somebody"}`;
		case "message":
		case undefined:
			return `${who} did something that this page is too old to show; reload it`;
		default:
			return unreachable(body);
	}
}

/** The line of typing users under the timeline; empty for none. */
export function typingWords(users: readonly User[]): string {
	const [first, second] = users;
	if (first === undefined) return "";
	if (second === undefined) return `${first.name} is writing…`;
	if (users.length === 2) return `${first.name} and ${second.name} are writing…`;
	return `${first.name}, ${second.name} and ${others(users.length - 2)} are writing…`;
}

/** `1 message`, `2 messages`; numbers in the user's locale. */
export function counted(count: number, one: string, many: string): string {
	return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** An error's text for users: the server's own where there is one. */
export function errorWords(error: unknown): string {
	if (error instanceof RefusedError) {
		const words = capital(error.message);
		const again = error.retry && error.retryAfterMs > 0 ? `, try again in ${seconds(error.retryAfterMs)}` : "";
		const trace = error.code === "internal" && error.trace !== "" ? ` (trace ${error.trace})` : "";
		return `${words}${again}${trace}`;
	}
	if (error instanceof VerbatimError) return capital(error.message);
	return error instanceof Error ? capital(error.message) : String(error);
}

/** Why a send is still pending. */
export function unsentWords(status: DeliveryState): string {
	const refusal = status.state === "waiting" || status.state === "sent" ? status.refusal : undefined;
	if (refusal !== undefined)
		return `Not sent yet: ${refusal.message.replace(/[;,] try again$/, "")}. It is tried again by itself.`;
	return status.state === "sent" ? "Sent, not yet acknowledged" : "Waiting to be sent";
}

/** The outcome of a failed send: certain where it was refused, unknown where the server failed. */
export function failedWords(error: RefusedError | UnknownOutcomeError): string {
	if (!(error instanceof UnknownOutcomeError)) return `Not sent. ${errorWords(error)}`;
	return `Perhaps not sent: the server failed ${error.tries} times. Trying again never says it twice. ${errorWords(error.cause)}`;
}

/** The notice about the connection, or undefined while it is well. */
export interface ConnectionNotice {
	readonly words: string;
	/** The cause, in a sentence. */
	readonly why?: string;
	/** The button's action: to connect at once, or, where the client has given up, to reload the page. */
	readonly offer?: "now" | "reload";
	/** Probably transient: shown without emphasis, and only if it lasts. */
	readonly mild: boolean;
}

/** `nowMs`: the wall clock. `isBack`: the user was connected before. */
export function connectionNotice(status: Status, nowMs: number, isBack = true): ConnectionNotice | undefined {
	switch (status.state) {
		case "idle":
			return undefined;
		case "connecting":
			return { words: "Connecting…", mild: status.attempt <= 1 };
		case "live":
			if (status.suspect) return { words: "The connection is not answering…", mild: true };
			if (status.behind) return { words: "Catching up: this connection is slower than the rooms speak", mild: true };
			return undefined;
		case "waiting": {
			const leftMs = status.retryAtMs - nowMs;
			const what = isBack ? "Reconnecting" : "Trying again";
			const words = leftMs > 500 ? `${what} in ${seconds(leftMs)}` : `${what}…`;
			return { words, why: waitWords(status.why), offer: "now", mild: leftMs <= 500 && status.attempt <= 1 };
		}
		case "stopped":
			return status.why === "closed"
				? { words: "Disconnected", offer: "reload", mild: false }
				: { words: "Disconnected", why: errorWords(status.why), offer: "reload", mild: false };
		default:
			return unreachable(status);
	}
}

/** Why the client waits, beside a text that says for how long. */
function waitWords(why: VerbatimError): string {
	// The server's own text, where the server refused the connection.
	const told = why instanceof ConnectError && why.cause instanceof RefusedError ? why.cause : why;
	return capital(told.message);
}

/** Was the identity refused, so that only signing in again helps? */
export function isIdentityRefused(status: Status): boolean {
	if (status.state !== "stopped" || status.why === "closed") return false;
	const { why } = status;
	if (why instanceof RefusedError) return IDENTITY_CODES.has(why.code);
	return why instanceof ServerClosedError && (why.closeName === "unauthorized" || why.closeName === "banned");
}

const IDENTITY_CODES: ReadonlySet<string> = new Set([
	"unauthenticated",
	"token_invalid",
	"token_expired",
	"credentials_wrong",
	"name_taken",
	"name_invalid",
	"password_weak",
	"forbidden",
]);

function others(count: number): string {
	return count === 1 ? "one other" : `${count} others`;
}

function seconds(ms: number): string {
	if (ms < 1_000) return `${Math.max(0.1, ms / 1_000).toFixed(1)} s`;
	return `${Math.ceil(ms / 1_000)} s`;
}

function capital(words: string): string {
	return words.charAt(0).toUpperCase() + words.slice(1);
}
