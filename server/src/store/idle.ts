// Promises that resolve when a part of a store has nothing left to do.

export class Idle {
	private waiting: (() => void)[] = [];

	/** Resolves at the next `reached`. */
	wait(): Promise<void> {
		return new Promise((resolve) => void this.waiting.push(resolve));
	}

	reached(): void {
		const { waiting } = this;
		if (waiting.length === 0) return;
		this.waiting = [];
		for (const resolve of waiting) resolve();
	}
}
