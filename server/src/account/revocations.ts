// Users whose sessions an operator has just ended. A log-in that read the user before, and is let in after, would live on with what is void.
import { Refusal } from "@verbatim/protocol";
import type { Account } from "./accounts.ts";

/** Log-ins take seconds; operators do not end as many users in that time. */
const USERS_MAX = 10_000;

export class Revocations {
	private readonly generations = new Map<string, number>();

	/** What was proved before `generation` is void. */
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

	/** Throws `Refusal` `token_invalid` for a user as it was before. */
	check({ id, generation }: Pick<Account, "id" | "generation">): void {
		if (generation < (this.generations.get(id) ?? generation)) {
			throw new Refusal("token_invalid", "this log-in was ended by an operator; log in again");
		}
	}
}
