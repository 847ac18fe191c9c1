// Accounts on the memory store, with a clock whose time the test advances; turns of the event loop are real, so that hashing and commits complete.
import { expect } from "bun:test";
import { type ErrorCode, type Hello, Refusal } from "@verbatim/protocol";
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import { type AccountService, createAccounts } from "../../src/account/service.ts";
import { ACCOUNT_DEFAULTS, type AccountSettings } from "../../src/account/settings.ts";
import type { Clock } from "../../src/base/clock.ts";
import { type MemoryDisk, newMemoryDisk } from "../../src/store/memory/disk.ts";
import { createMemoryStore, type MemoryStore } from "../../src/store/memory/memory.ts";
import type { Committed } from "../../src/store/store.ts";
import { silentLog } from "../silent-log.ts";

export interface TestClock extends Clock {
	/** Advances the time, timer by timer. */
	advance(ms: number): Promise<void>;
}

export function testClock(): TestClock {
	const time = new VirtualClock();
	return {
		now: time.now,
		monotonic: time.monotonic,
		after: time.after,
		soon: (task) => void setImmediate(task),
		advance: (ms) => time.advance(ms),
	};
}

/** argon2id at its cheapest, for speed. */
export const CHEAP = { ...ACCOUNT_DEFAULTS.passwords, memoryKib: 64, passes: 1 };

export interface TestServer {
	readonly accounts: AccountService;
	readonly store: MemoryStore;
	readonly disk: MemoryDisk;
	readonly clock: TestClock;
	/** Everything committed, in order. */
	readonly log: Committed[];
}

interface TestOptions {
	readonly settings?: Partial<AccountSettings>;
	/** Of an earlier server: this one is that server restarted. */
	readonly disk?: MemoryDisk;
	readonly clock?: TestClock;
	/** Each read of the store takes this long. */
	readonly readsMs?: number;
}

let seed = 1;

export async function startAccounts(options: TestOptions = {}): Promise<TestServer> {
	const clock = options.clock ?? testClock();
	const disk = options.disk ?? newMemoryDisk();
	const store = createMemoryStore({ clock, disk });
	store.faults.delayReads(options.readsMs ?? 0);
	const log: Committed[] = [];
	store.listen({ committed: (rooms) => void log.push(...rooms), batch() {}, broken() {} });
	const settings = { ...ACCOUNT_DEFAULTS, passwords: CHEAP, ...options.settings };
	const accounts = await createAccounts({ store, clock, random: new SeededRandom(seed++), log: silentLog, settings, fetch });
	return { accounts, store, disk, clock, log };
}

export const HERE = { address: "192.0.2.1", resumable: true };
/** A line-mode client. */
export const LINE = { address: "192.0.2.1", resumable: false };

export function asGuest(name: string, key = ""): Hello["credential"] {
	return { case: "guest", value: { $typeName: "verbatim.v1.Guest", name, key } };
}

export function asLogin(name: string, password: string): Hello["credential"] {
	return { case: "login", value: { $typeName: "verbatim.v1.Password", name, password } };
}

export function asRegister(name: string, password: string): Hello["credential"] {
	return { case: "register", value: { $typeName: "verbatim.v1.Password", name, password } };
}

export function asToken(value: string): Hello["credential"] {
	return { case: "token", value };
}

/** Expects `promise` to reject with a refusal of this code, and returns it. */
export async function refused(promise: Promise<unknown>, code: ErrorCode): Promise<Refusal> {
	const outcome = await promise.then(
		(value) => new Error(`expected ${code}, but it succeeded: ${JSON.stringify(value)}`),
		(cause: unknown) => cause,
	);
	if (!(outcome instanceof Refusal)) throw outcome;
	expect(outcome.code).toBe(code);
	return outcome;
}

/** Waits, turn by turn, until `isSo` returns true. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
