// Passwords: argon2id on the runtime's threads, a few at a time. Hashing is dear on purpose, so that it must not become a way to
// take the server down: what waits is bounded, and beyond that the answer is `busy`, with the time that the queue needs.
import { Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import type { PasswordSettings } from "./settings.ts";

/** Fewer characters are guessed too fast (NIST SP 800-63B section 3.1.1.2). */
export const PASSWORD_CHARS_MIN = 8;

export interface Passwords {
	/** The password's hash in PHC form. Rejects with `Refusal`: `password_weak`, `busy`. */
	hash(password: string): Promise<string>;
	/**
	 * Is it the password? With `hash` undefined it is not, and finding out takes as long as otherwise: so nobody learns from
	 * the time whether there is such a user. Rejects with `Refusal` `busy`.
	 */
	verify(password: string, hash: string | undefined): Promise<boolean>;
	/** Was the hash made with other settings than those of today? */
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
	// A hash of no password that anybody knows: chance in the shape of a salt and a hash.
	const nobodys = `${facts}${base64(random.bytes(32))}$${base64(random.bytes(32))}`;
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
			// What no account can have is not hashed at full length, but takes its turn all the same.
			const prepared = password.length > settings.charsMax * 4 ? "" : prepare(password);
			const matches = await pool.run(() => Bun.password.verify(prepared === "" ? " " : prepared, hash ?? nobodys));
			return matches && hash !== undefined && prepared !== "";
		},
		isOutdated: (hash) => !hash.startsWith(facts),
		get depth() {
			return pool.depth;
		},
	};
}

/** As OpaqueString (RFC 8265 section 4.2) prepares it, so that one password is one on every keyboard; nothing is refused. */
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
	/** How long one takes on this machine under its present load: a moving average, in ms. */
	let taskMs = 50;

	const turn = async (): Promise<void> => {
		if (running < settings.concurrency) {
			running++;
			return;
		}
		if (waiting.length >= settings.waitingMax) {
			throw new Refusal("busy", undefined, Math.ceil((waiting.length * taskMs) / settings.concurrency));
		}
		// Whoever finishes hands its place on: `running` stays as it is.
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
