// Runs few tasks at once, and lets keys take turns: whoever has many waiting delays others by one each time, not by all of them.

export class FairQueue {
	private readonly atOnceMax: number;
	private running = 0;
	/** By key, in the order in which keys have their turn. */
	private readonly waiting = new Map<string, (() => void)[]>();

	constructor(atOnceMax: number) {
		this.atOnceMax = atOnceMax;
	}

	/** Runs `task` when it is its turn, and gives what it gives. */
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

	/** Hands the place of a task that is done to the next one, if there is one. */
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
