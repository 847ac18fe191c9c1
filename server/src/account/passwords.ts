// Passwords: argon2id on the runtime's threads, with bounded concurrency. Hashing is expensive by design and must not become a way to overload
// the server: the queue is bounded, and beyond it the answer is `busy` with the time that the queue needs.
import { Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import type { PasswordSettings } from "./settings.ts";

/** Fewer characters are guessed too fast (NIST SP 800-63B section 3.1.1.2). */
export const PASSWORD_CHARS_MIN = 8;

export interface Passwords {
	/** The password's hash in PHC form. Rejects with `Refusal`: `password_weak`, `busy`. */
	hash(password: string): Promise<string>;
	/**
	 * Is it the password? With `hash` undefined (no such user) false, after the same time, so that timing does not reveal which users exist.
	 * Rejects with `Refusal` `busy`.
	 */
	verify(password: string, hash: string | undefined): Promise<boolean>;
	/** Was the hash made with other settings than the present ones? */
	isOutdated(hash: string): boolean;
	/** Waiting and under way, for metrics. */
	readonly depth: number;
}

export function createPasswords(
	settings: PasswordSettings,
	clock: Pick<Clock, "monotonic">,
	random: Pick<Random, "bytes">,
): Passwords {
	const pool = createPool(settings, clock);
	const facts = `$argon2id$v=19$m=${settings.memoryKib},t=${settings.passes},p=1$`;
	// Random bytes in the form of a salt and a hash: matches no known password.
	const dummyHash = `${facts}${base64(random.bytes(32))}$${base64(random.bytes(32))}`;
	return {
		async hash(password) {
			const prepared = prepare(password);
			const length = [...prepared].length;
			if (length < PASSWORD_CHARS_MIN || length > settings.charsMax) throw new Refusal("password_weak");
			return pool.run(() =>
				Bun.password.hash(prepared, { algorithm: "argon2id", memoryCost: settings.memoryKib, timeCost: settings.passes }),
			);
		},
		async verify(password, hash) {
			// A password that is too long for any account is not hashed at full length, but takes as long as others.
			const prepared = password.length > settings.charsMax * 4 ? "" : prepare(password);
			const matches = await pool.run(() => Bun.password.verify(prepared === "" ? " " : prepared, hash ?? dummyHash));
			return matches && hash !== undefined && prepared !== "";
		},
		isOutdated: (hash) => !hash.startsWith(facts),
		get depth() {
			return pool.depth;
		},
	};
}

/** Prepares like OpaqueString (RFC 8265 section 4.2), so that a password is the same from every keyboard; refuses nothing. */
function prepare(password: string): string {
	return password.replace(/\p{Zs}/gu, " ").normalize("NFC");
}

interface Pool {
	run<T>(task: () => Promise<T>): Promise<T>;
	readonly depth: number;
}

function createPool(settings: PasswordSettings, clock: Pick<Clock, "monotonic">): Pool {
	const waiting: (() => void)[] = [];
	let running = 0;
	/** Moving average of a task's duration, in ms. */
	let taskMs = 50;

	const turn = async (): Promise<void> => {
		if (running < settings.concurrency) {
			running++;
			return;
		}
		if (waiting.length >= settings.waitingMax) {
			throw new Refusal("busy", undefined, Math.ceil((waiting.length * taskMs) / settings.concurrency));
		}
		// The task that ends hands over its place: `running` stays the same.
		await new Promise<void>((resolve) => waiting.push(resolve));
	};

	return {
		async run(task) {
			await turn();
			const sinceMs = clock.monotonic();
			try {
				return await task();
			} finally {
				taskMs += (clock.monotonic() - sinceMs - taskMs) / 8;
				const next = waiting.shift();
				if (next === undefined) running--;
				else next();
			}
		},
		get depth() {
			return waiting.length + running;
		},
	};
}

function base64(bytes: Uint8Array): string {
	return bytes.toBase64({ omitPadding: true });
}
