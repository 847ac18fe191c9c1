// A cache bounded in bytes that evicts what was not used lately, a part at a time: two generations. What is used moves into the young
// one; when that has grown to half of the bound, the old one is dropped and the young one becomes old. So the most that is lost at
// once is what nobody has asked for since the last turn, and a use costs one look-up, or two and an insert.

export class Recent<Key, Value> {
	/** Held after `turn` at most, beyond what was added between two turns. */
	private readonly bytesMax: number;
	private young = new Map<Key, Value>();
	private old = new Map<Key, Value>();
	private youngBytes = 0;
	private oldBytes = 0;
	private readonly bytesOf: (value: Value) => number;

	/** `bytesMax`: of all entries. `bytesOf`: about what an entry holds now, key and place in the map included. */
	constructor(bytesMax: number, bytesOf: (value: Value) => number) {
		this.bytesMax = bytesMax;
		this.bytesOf = bytesOf;
	}

	get bytes(): number {
		return this.youngBytes + this.oldBytes;
	}

	get(key: Key): Value | undefined {
		const young = this.young.get(key);
		if (young !== undefined) return young;
		const old = this.old.get(key);
		if (old === undefined) return undefined;
		const bytes = this.bytesOf(old);
		this.old.delete(key);
		this.oldBytes -= bytes;
		this.young.set(key, old);
		this.youngBytes += bytes;
		return old;
	}

	/** Adds an entry whose key is not there. */
	add(key: Key, value: Value): void {
		this.young.set(key, value);
		this.youngBytes += this.bytesOf(value);
	}

	/** An entry that was just got or added holds so many bytes more than before. */
	grew(bytes: number): void {
		this.youngBytes += bytes;
	}

	/** Evicts if it is time to: whatever was got before may be gone from here afterwards. */
	turn(): void {
		if (this.youngBytes < this.bytesMax / 2) return;
		this.old = this.young;
		this.oldBytes = this.youngBytes;
		this.young = new Map();
		this.youngBytes = 0;
	}

	clear(): void {
		this.young = new Map();
		this.old = new Map();
		this.youngBytes = 0;
		this.oldBytes = 0;
	}
}
