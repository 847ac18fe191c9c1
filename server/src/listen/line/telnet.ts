// What telnet says to telnet (RFC 854) is no text: commands, options and their negotiations are swallowed, none is answered,
// so that both sides stay in the plain mode in which they begin. The byte that starts them never occurs in UTF-8.

const IAC = 0xff;
/** WILL, WONT, DO, DONT: one byte of option follows. */
const WILL = 0xfb;
const DONT = 0xfe;
/** Sub-negotiation: up to IAC SE. */
const SB = 0xfa;
const SE = 0xf0;

export class TelnetFilter {
	private state: "text" | "command" | "option" | "sub" | "subCommand" = "text";

	/** The chunk itself where nothing is to be taken out, or a copy without it. */
	filter(chunk: Uint8Array): Uint8Array {
		if (this.state === "text" && !chunk.includes(IAC)) return chunk;
		const text = new Uint8Array(chunk.length);
		let length = 0;
		for (const byte of chunk) {
			if (this.take(byte)) text[length++] = byte;
		}
		return text.subarray(0, length);
	}

	/** Is the byte text? */
	private take(byte: number): boolean {
		switch (this.state) {
			case "text":
				if (byte !== IAC) return true;
				this.state = "command";
				return false;
			case "command":
				this.state = byte === SB ? "sub" : byte >= WILL && byte <= DONT ? "option" : "text";
				// IAC IAC is the byte itself: no UTF-8, and to be named so.
				return byte === IAC;
			case "option":
				this.state = "text";
				return false;
			case "sub":
				if (byte === IAC) this.state = "subCommand";
				return false;
			case "subCommand":
				this.state = byte === SE ? "text" : "sub";
				return false;
		}
	}
}
