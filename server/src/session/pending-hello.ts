// A hello that is being checked, and the commands that came behind it. They run once it is welcomed, in order, for its user; a refused hello
// takes them with it, so that none of them can ever run for another.
import { Refusal, type Up } from "@verbatim/protocol";

export interface PendingLimits {
	/** Commands that may wait, and bytes of what they say, about. Half of either pauses the connection; beyond: `busy`. */
	readonly commandsInFlightMax: number;
	readonly frameBytesMax: number;
}

/** Worth waiting before trying again: a hello's time. */
const WAIT_MS = 1_000;
/** Of one command, beside its text or token. */
const COMMAND_BYTES = 256;

export class PendingHello {
	readonly id: number;
	private readonly commands: Up[] = [];
	private bytes = 0;

	constructor(id: number) {
		this.id = id;
	}

	/** Keeps a command for later; true: it is time to read no further. Throws `Refusal` `busy` for one too many. */
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

	/** What came behind it, in order; it is given once. */
	release(): readonly Up[] {
		return this.commands.splice(0);
	}
}

/** Of the fields that may be long. */
function textChars({ command }: Up): number {
	if (command.case === "send") return command.value.text.length;
	return command.case === "refresh" ? command.value.refreshToken.length : 0;
}
