// A hello: its refusal counted, its welcome, and the commands received behind it. Commands behind a hello run in order once it is
// welcomed; if it is refused they are refused with it, so that none can run for another user.
import { type DownBody, type Hello, Refusal, type Up } from "@verbatim/protocol";
import type { Identity } from "../account/accounts.ts";
import { logRefusedLogin } from "../account/refused-login.ts";
import { roomBody } from "../command/bodies.ts";
import type { RoomView } from "../store/store.ts";
import type { SessionParts } from "./parts.ts";
import { type SessionFacts, traced } from "./session-log.ts";

/** Counts a refused log-in, and logs one by password. */
export function countRefusedLogin(
	session: SessionFacts,
	core: SessionParts,
	trace: string,
	cause: unknown,
	credential: Hello["credential"],
): void {
	const code = cause instanceof Refusal ? cause.code : "internal";
	core.metrics.logins.add(code);
	if (credential.case !== "login") return;
	const { address } = session.link;
	logRefusedLogin(core.lines, credential.value.name, { code, address, ...traced(trace), session: session.id });
}

export function welcomeBody(
	session: string,
	{ user, tokens }: Identity,
	views: readonly RoomView[],
	core: SessionParts,
): DownBody {
	const body: Extract<DownBody, { case: "welcome" }> = {
		case: "welcome",
		value: {
			session,
			user: { id: user.id, name: user.name },
			rooms: views.map(roomBody),
			heartbeatMs: core.timing.heartbeatMs,
			server: core.version,
			frameBytesMax: core.limits.frameBytesMax,
			textBytesMax: core.limits.textBytesMax,
			nowMs: core.clock.now(),
		},
	};
	if (tokens !== undefined) body.value.tokens = tokens;
	return body;
}

export interface PendingLimits {
	/** Bounds on the waiting commands: their number, and their bytes, about. Half of either pauses reading; beyond: `busy`. */
	readonly commandsInFlightMax: number;
	readonly frameBytesMax: number;
}

/** Retry delay: a hello's time. */
const WAIT_MS = 1_000;
/** Size of a command without its text or token, about. */
const COMMAND_BYTES = 256;

/** A hello that is being checked, and the commands behind it. */
export class PendingHello {
	readonly id: number;
	private readonly commands: Up[] = [];
	private bytes = 0;

	constructor(id: number) {
		this.id = id;
	}

	/** Keeps a command; returns whether reading should pause. Throws `Refusal` `busy` for one too many. */
	take(up: Up, { commandsInFlightMax, frameBytesMax }: PendingLimits): boolean {
		const bytes = COMMAND_BYTES + textChars(up);
		if (this.commands.length >= commandsInFlightMax || this.bytes + bytes > frameBytesMax) {
			throw new Refusal("busy", "too many commands behind a hello", WAIT_MS);
		}
		this.commands.push(up);
		this.bytes += bytes;
		return this.commands.length * 2 >= commandsInFlightMax || this.bytes * 2 >= frameBytesMax;
	}

	/** Is `id` that of the hello or of a command behind it? */
	has(id: number): boolean {
		return id === this.id || this.commands.some((up) => up.id === id);
	}

	/** Takes out the commands, in order. */
	release(): readonly Up[] {
		return this.commands.splice(0);
	}
}

/** Length of the fields that may be long. */
function textChars({ command }: Up): number {
	if (command.case === "send") return command.value.text.length;
	return command.case === "refresh" ? command.value.refreshToken.length : 0;
}
