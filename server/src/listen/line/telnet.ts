// Removes telnet's commands (RFC 854) from the input. None is answered, so that both sides stay in the initial mode. What only begins like a command
// is left in: its first byte never occurs in UTF-8, so its line is refused.

const IAC = 0xff;
const LF = 0x0a;
/** NOP to GA: commands of two bytes. */
const NOP = 0xf1;
const GA = 0xf9;
/** WILL, WONT, DO, DONT: one byte of option follows. */
const WILL = 0xfb;
const DONT = 0xfe;
/** Sub-negotiation: up to IAC SE. */
const SB = 0xfa;
const SE = 0xf0;
/** Longest command that is recognised: longer than any sub-negotiation that clients start themselves. */
const COMMAND_BYTES_MAX = 64;

type State = "text" | "command" | "option" | "sub" | "subCommand";

export class TelnetFilter {
	private state: State = "text";
	/** The beginning of an incomplete command. */
	private readonly held = new Uint8Array(COMMAND_BYTES_MAX);
	private heldBytes = 0;

	/** The chunk itself if it has no command, or a copy without them. */
	filter(chunk: Uint8Array): Uint8Array {
		if (this.state === "text" && !chunk.includes(IAC)) return chunk;
		const text = new Uint8Array(this.heldBytes + chunk.length);
		let length = 0;
		for (const byte of chunk) {
			if (this.state === "text" && byte !== IAC) {
				text[length++] = byte;
				continue;
			}
			const next = this.after(byte);
			if (next === undefined) {
				text.set(this.held.subarray(0, this.heldBytes), length);
				length += this.heldBytes;
				text[length++] = byte;
			} else if (next !== "text") {
				this.held[this.heldBytes++] = byte;
				this.state = next;
				continue;
			}
			this.state = "text";
			this.heldBytes = 0;
		}
		return text.subarray(0, length);
	}

	/** The end of input: returns what was an incomplete command. */
	finish(): Uint8Array {
		const held = this.held.slice(0, this.heldBytes);
		this.state = "text";
		this.heldBytes = 0;
		return held;
	}

	/** The state after `byte`: "text" if it completes a command; undefined if this is no command. A line's end is never part of one. */
	private after(byte: number): State | undefined {
		if (byte === LF || this.heldBytes === COMMAND_BYTES_MAX) return undefined;
		switch (this.state) {
			case "text":
				return "command";
			case "command":
				if (byte === SB) return "sub";
				if (byte >= WILL && byte <= DONT) return "option";
				return byte >= NOP && byte <= GA ? "text" : undefined;
			case "option":
				return "text";
			case "sub":
				return byte === IAC ? "subCommand" : "sub";
			case "subCommand":
				if (byte === IAC) return "sub";
				return byte === SE ? "text" : undefined;
		}
	}
}
