// Users whose tokens and sessions were just revoked. Without this, a log-in that read the user before the revocation and completes after it would
// keep a revoked session.
import { Refusal } from "@verbatim/protocol";
import type { Account } from "./accounts.ts";

/** Far more than operators revoke within the seconds that a log-in takes. */
const USERS_MAX = 10_000;

export class Revocations {
	private readonly generations = new Map<string, number>();

	/** Log-ins with an older generation than this are refused from now on. */
	add(userId: string, generation: number): void {
		const before = this.generations.get(userId) ?? 0;
		this.generations.delete(userId);
		this.generations.set(userId, Math.max(before, generation));
		if (this.generations.size <= USERS_MAX) return;
		for (const [oldest] of this.generations) {
			this.generations.delete(oldest);
			return;
		}
	}

	/** Throws `Refusal` `token_invalid` for a user record from before its revocation. */
	check({ id, generation }: Pick<Account, "id" | "generation">): void {
		if (generation < (this.generations.get(id) ?? generation)) {
			throw new Refusal("token_invalid", "this log-in was ended by an operator; log in again");
		}
	}
}
