// Structured generation from bytes: an input is read as a sequence of choices that make a message, a request or a conversation. The same
// bytes make the same structure; a changed byte changes one choice; once the bytes are used up, every choice is the first option, so
// each list of options begins with the plainest.

export class Choices {
	private readonly bytes: Uint8Array;
	private at = 0;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}

	/** Are all bytes used up? */
	get over(): boolean {
		return this.at >= this.bytes.length;
	}

	byte(): number {
		return this.bytes[this.at++] ?? 0;
	}

	/** A whole number from 0 to `below` − 1. */
	below(below: number): number {
		if (below <= 1) return 0;
		if (below <= 256) return this.byte() % below;
		return ((this.byte() << 16) | (this.byte() << 8) | this.byte()) % below;
	}

	u32(): number {
		return ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0;
	}

	/** True once in `n`. */
	onceIn(n: number): boolean {
		return this.below(n) === n - 1;
	}

	pick<T>(options: readonly [T, ...T[]]): T {
		return options[this.below(options.length)] ?? options[0];
	}

	/** The next bytes, `most` at most; how many says the first of them. */
	some(most: number): Uint8Array {
		const count = Math.min(this.below(most + 1), Math.max(0, this.bytes.length - this.at));
		this.at += count;
		return this.bytes.subarray(this.at - count, this.at);
	}

	/** All that is left. */
	rest(): Uint8Array {
		const rest = this.bytes.subarray(this.at);
		this.at = this.bytes.length;
		return rest;
	}

	/** A text from the list of edge cases, or made of the next bytes. */
	text(most = 24): string {
		const chosen = this.below(TEXTS.length + 6);
		const known = TEXTS[chosen - 6];
		if (known !== undefined) return known;
		const raw = this.some(most);
		// Units, not UTF-8: halves of surrogate pairs are texts too.
		if (chosen === 5) return String.fromCharCode(...new Uint16Array(raw.slice(0, raw.length & ~1).buffer));
		if (chosen === 4) return String.fromCodePoint(...Array.from(raw, (byte, i) => (byte * 4_359 + i * 257) % 0x11_0000));
		return Buffer.from(raw).toString(chosen < 3 ? "utf8" : "latin1");
	}

	/** A number at a boundary of 32 bits, or any. */
	number(): number {
		const chosen = this.below(NUMBERS.length + 4);
		if (chosen < 3) return this.byte();
		return NUMBERS[chosen - 4] ?? this.u32();
	}

	/** Cuts `bytes` into chunks. */
	*slices(bytes: Uint8Array): Generator<Uint8Array> {
		for (let at = 0; at < bytes.length; ) {
			const size = 1 + this.below(this.pick([4_096, 64, 8, 1]));
			// A copy: the caller owns it.
			yield bytes.slice(at, at + size);
			at += size;
		}
	}
}

const NUMBERS = [1, 127, 128, 255, 256, 16_383, 16_384, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

const TEXTS = [
	"",
	"__proto__",
	"constructor",
	"\0",
	"\u001b[2J\u001b]0;x\u0007",
	"\u009b31m\u0085",
	"\r\n",
	"a\u2028b\u2029c",
	"\u202egnp.exe\u2066",
	"\ufeffmark",
	"\ud800",
	"\udc00\ud800",
	"\u{10ffff}\ufffe",
	"e\u0301\u0301\u0301\u0301",
	'\\u001b \\ud800 \\"',
	'"\\/\b\f\n\r\t',
	"<script>alert(1)</script>",
	"../../etc/passwd",
	"%2e%2e%2f",
	"a".repeat(33),
	"é".repeat(300),
	"x".repeat(9_000),
	"NaN",
	"-0",
	"\uff21\uff22",
	"аnn",
	"ıI\u0307l1",
	"\u200d\u200b",
];
