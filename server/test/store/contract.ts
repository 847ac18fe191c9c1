// What every store promises (server/src/store/store.ts), as one suite that runs on each implementation.
import { afterEach, describe } from "bun:test";
import type { RuleLimits } from "../../src/log/decide.ts";
import type { RefusedLimits } from "../../src/log/refused.ts";
import type { BatchLimits } from "../../src/store/batches.ts";
import type { Store } from "../../src/store/store.ts";
import { batchClauses } from "./contract-batches.ts";
import { invitationClauses } from "./contract-invitations.ts";
import { logClauses } from "./contract-log.ts";
import { readClauses } from "./contract-reads.ts";
import { refusedClauses } from "./contract-refused.ts";
import { roomClauses } from "./contract-rooms.ts";
import { textClauses } from "./contract-text.ts";
import { tokenClauses } from "./contract-tokens.ts";
import { userClauses } from "./contract-users.ts";

export type TestLimits = Partial<RuleLimits & RefusedLimits & BatchLimits>;

/** One place that keeps data, and the stores opened on it one after the other. */
export interface Place {
	open(limits?: TestLimits): Promise<Store>;
	/** Opens again what was closed. */
	reopen(limits?: TestLimits): Promise<Store>;
	remove(): Promise<void>;
}

/** Gives each test a store of its own. */
export interface Bench {
	/** A new store, closed after the test. */
	store(limits?: TestLimits): Promise<Store>;
	/** Closes the store and opens another on the same data. */
	restart(store: Store, limits?: TestLimits): Promise<Store>;
}

export function storeContract(name: string, newPlace: () => Promise<Place>): void {
	describe(`the store's contract: ${name}`, () => {
		const opened: { place: Place; store: Store }[] = [];
		const bench: Bench = {
			async store(limits) {
				const place = await newPlace();
				const store = await place.open(limits);
				opened.push({ place, store });
				return store;
			},
			async restart(store, limits) {
				const one = opened.find((candidate) => candidate.store === store);
				if (!one) throw new Error("this store is not of this bench");
				await store.close();
				one.store = await one.place.reopen(limits);
				return one.store;
			},
		};
		afterEach(async () => {
			for (const { place, store } of opened.splice(0)) {
				await store.close();
				await place.remove();
			}
		});
		logClauses(bench);
		refusedClauses(bench);
		batchClauses(bench);
		roomClauses(bench);
		invitationClauses(bench);
		userClauses(bench);
		tokenClauses(bench);
		readClauses(bench);
		textClauses(bench);
	});
}
