// Assembles a server, for production (main.ts), tests, the simulator and the fuzzer. They differ in store, bus, accounts, clock
// and limits, and in how connections reach it.
import { ADMISSION_LIMITS, type AdmissionLimits, ConnectionAdmission } from "./admit/connections.ts";
import { createFaults } from "./base/faults.ts";
import { type CoreOptions, createCore, type RunningCore } from "./core.ts";
import { LogSampler } from "./limit/log-sampler.ts";
import { createFormats } from "./link/formats.ts";
import type { ApiParts } from "./listen/api/routes.ts";
import type { ListenerParts } from "./listen/connection/parts.ts";
import { Turns } from "./listen/connection/turns.ts";
import { LevelShedding } from "./overload/shedding.ts";
import { type Memory, type OverloadWatch, watchOverload } from "./overload/watch.ts";

export interface ServerParts extends Omit<CoreOptions, "shedding"> {
	/** Default: `ADMISSION_LIMITS`. */
	readonly admission?: AdmissionLimits;
	/** Signals for the level of overload; absent: it stays 0 unless set by hand. */
	readonly load?: LoadSignals;
}

export interface LoadSignals {
	loopLagMs(): number;
	readonly memory: Memory;
	/** Default: the store's oldest draft. */
	draftAgeMs?(): number;
}

export interface AssembledServer {
	readonly core: RunningCore;
	readonly shedding: LevelShedding;
	readonly overload: OverloadWatch | undefined;
	/** For listeners, and for simulated connections. */
	readonly connections: ListenerParts & Pick<ApiParts, "accounts" | "commands" | "shedding">;
	/** Stops all timers and closes the bus. Store and accounts are closed by the caller. */
	stop(): void;
}

export function assembleServer(parts: ServerParts): AssembledServer {
	const { store, accounts, clock, random, log, metrics, limits, timing, load } = parts;
	const shedding = new LevelShedding(random, metrics.overloadRefused);
	const draftAgeMs = load?.draftAgeMs ?? (() => store.stats().oldestMs);
	const overload = load && watchOverload({ clock, log, metrics, ...load, draftAgeMs }, shedding);
	const core = createCore({ ...parts, shedding });
	const lines = new LogSampler(log, clock);
	return {
		core,
		shedding,
		overload,
		connections: {
			host: core,
			commands: core.commands,
			accounts,
			shedding,
			admission: new ConnectionAdmission(parts.admission ?? ADMISSION_LIMITS, clock),
			formats: createFormats(limits),
			turns: new Turns(clock, limits, createFaults(parts)),
			limits,
			timing,
			clock,
			random,
			log,
			lines,
			metrics,
		},
		stop() {
			overload?.stop();
			core.stop();
			lines.stop();
		},
	};
}
