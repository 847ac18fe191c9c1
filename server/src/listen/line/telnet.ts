// Telnet's commands (RFC 854) are no text: they are taken out, and none is answered, so that both sides stay in the plain mode in which
// they begin. What only begins like one stays as it is: its first byte never occurs in UTF-8, so that its line is refused.

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
/** The longest command that is known as one: longer than any sub-negotiation that a client begins by itself. */
const COMMAND_BYTES_MAX = 64;

type State = "text" | "command" | "option" | "sub" | "subCommand";

export class TelnetFilter {
	private state: State = "text";
	/** What has come of a command that is not whole yet. */
	private readonly held = new Uint8Array(COMMAND_BYTES_MAX);
	private heldBytes = 0;

	/** The chunk itself where nothing is to be taken out, or a copy without it. */
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

	/** Nothing more will come: what was held is no command. */
	finish(): Uint8Array {
		const held = this.held.slice(0, this.heldBytes);
		this.state = "text";
		this.heldBytes = 0;
		return held;
	}

	/** The state behind `byte`, "text" where it ends a command; undefined: what is held was none. A line's end is part of none. */
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
