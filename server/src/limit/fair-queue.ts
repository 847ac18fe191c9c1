// Bounds concurrency and serves keys round-robin: a key with many waiting tasks delays another key's task by one task, not by all of them.

export class FairQueue {
	private readonly atOnceMax: number;
	private running = 0;
	/** By key, in round-robin order. */
	private readonly waiting = new Map<string, (() => void)[]>();

	constructor(atOnceMax: number) {
		this.atOnceMax = atOnceMax;
	}

	/** Runs `task` in its turn; resolves to its result. */
	async run<T>(key: string, task: () => Promise<T>): Promise<T> {
		if (this.running < this.atOnceMax) this.running++;
		else await this.turn(key);
		try {
			return await task();
		} finally {
			this.next();
		}
	}

	private turn(key: string): Promise<void> {
		return new Promise((resolve) => {
			const tasks = this.waiting.get(key);
			if (tasks === undefined) this.waiting.set(key, [resolve]);
			else tasks.push(resolve);
		});
	}

	/** Gives the place of a task that has ended to the next one. */
	private next(): void {
		for (const [key, tasks] of this.waiting) {
			this.waiting.delete(key);
			const start = tasks.shift();
			if (tasks.length > 0) this.waiting.set(key, tasks);
			if (start === undefined) continue;
			start();
			return;
		}
		this.running--;
	}
}
