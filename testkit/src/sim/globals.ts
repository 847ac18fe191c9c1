// While a simulation runs, the real clock and real randomness throw, and the run fails. A run is one synchronous call, so nobody else can meet the traps.

const TRAPS: readonly [object: object, names: readonly string[]][] = [
	[Date, ["now"]],
	[performance, ["now"]],
	[Math, ["random"]],
	[crypto, ["getRandomValues", "randomUUID"]],
	[globalThis, ["setTimeout", "setInterval", "setImmediate", "fetch", "WebSocket"]],
];

/** Runs `task` with the globals out of reach. */
export function withoutGlobals<T>(task: () => T): T {
	const RealDate = globalThis.Date;
	const undo: Array<() => void> = [];
	for (const [object, names] of TRAPS) {
		for (const name of names) {
			const before = Object.getOwnPropertyDescriptor(object, name);
			Object.defineProperty(object, name, { configurable: true, writable: true, value: trap(name) });
			undo.push(() => {
				if (before === undefined) Reflect.deleteProperty(object, name);
				else Object.defineProperty(object, name, before);
			});
		}
	}
	globalThis.Date = new Proxy(RealDate, {
		construct(target, args, newTarget) {
			if (args.length === 0) throw new Error("the simulation has no Date of its own: the clock is passed in");
			return Reflect.construct(target, args, newTarget) as Date;
		},
	});
	try {
		return task();
	} finally {
		globalThis.Date = RealDate;
		for (const each of undo.reverse()) each();
	}
}

function trap(name: string): () => never {
	return () => {
		throw new Error(`${name} is out of reach in a simulation: time and chance are passed in`);
	};
}
