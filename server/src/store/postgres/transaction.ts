// One batch in one transaction: its lane's row first, then the locks (users, then rooms), then load → decide → write. Everything up to the commit
// may be rolled back and done again. The commit is the caller's: what its answer means is not decided here (lane.ts).
import { decide, type RuleLimits, type Ruling } from "../../log/decide.ts";
import type { Draft } from "../../log/draft.ts";
import { type Needs, needsOf } from "../../log/needs.ts";
import type { RefusedLimits } from "../../log/refused.ts";
import { Snapshot } from "../../log/snapshot.ts";
import type { RoomColumns } from "../rows.ts";
import { apply } from "./apply.ts";
import type { Connection } from "./connection.ts";
import { DraftError, messageOf, troubleOf } from "./errors.ts";
import { load, loadRefused } from "./load.ts";
import { putRoom } from "./load-rooms.ts";
import type { Locks } from "./locks.ts";
import { LOCKS } from "./statements.ts";
import type { PostgresTimes } from "./times.ts";
import { texts } from "./values.ts";

export interface LaneRow {
	readonly node: string;
	readonly lane: number;
	readonly generation: number;
}

/** The lane has a newer generation: what is asked under this one is over. */
export class Fenced extends Error {}

/** How a batch is carried out; what an attempt has learnt is kept for the next. */
export interface Attempt {
	readonly drafts: readonly Draft[];
	readonly locks: Locks;
	/** Look up all cids: one of them was used before. */
	cids: "every" | "few";
	/** Each draft by itself: one of them does not fit. */
	singly: boolean;
}

export interface Carried {
	readonly rulings: readonly Ruling[];
	/** Words of errors by our mistake, which fail single drafts. */
	readonly errors: readonly string[];
}

/** More rounds of loading mean that what is named is not loaded: our mistake. */
const ROUNDS_MAX = 16;

/** Leaves the transaction open, ready to be committed. Rejects with `Fenced`, `DecideAgain`, or what the database says. */
export async function carryOut(
	connection: Connection,
	row: LaneRow,
	number: number,
	attempt: Attempt,
	limits: RuleLimits & RefusedLimits,
	times: PostgresTimes,
): Promise<Carried> {
	const { locks, drafts } = attempt;
	// Pipelined: none depends on another's answer.
	const begun = connection.run(begin(times));
	const lane = connection.ask(LOCKS.lane, [row.node, row.lane, row.generation, number]);
	const users = locks.users.size === 0 ? undefined : connection.ask(LOCKS.users, [texts([...locks.users].sort())]);
	const rooms = locks.rooms.size === 0 ? undefined : connection.ask<RoomColumns>(LOCKS.rooms, [texts([...locks.rooms].sort())]);
	const [, { count }, , locked] = await Promise.all([begun, lane, users, rooms]);
	if (count !== 1) throw new Fenced("the lane has a newer generation");
	if (attempt.singly) return singly(connection, attempt, limits);
	const snapshot = new Snapshot();
	for (const id of locks.rooms) snapshot.rooms.set(id, null);
	for (const columns of locked?.rows ?? []) putLocked(snapshot, columns);
	const { rulings, error } = await decideAndApply(connection, drafts, snapshot, attempt, limits);
	return { rulings, errors: error === undefined ? [] : [error] };
}

export function begin({ lockMs, statementMs, idleMs }: PostgresTimes): string {
	return (
		"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " +
		`SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs}; ` +
		`SET LOCAL idle_in_transaction_session_timeout = ${idleMs}; SET LOCAL client_min_messages = warning`
	);
}

function putLocked(snapshot: Snapshot, columns: RoomColumns): void {
	snapshot.rooms.delete(columns.id);
	putRoom(snapshot, columns);
}

async function decideAndApply(
	connection: Connection,
	drafts: readonly Draft[],
	snapshot: Snapshot,
	{ cids, locks }: Attempt,
	limits: RuleLimits & RefusedLimits,
): Promise<{ readonly rulings: readonly Ruling[]; readonly error: string | undefined }> {
	const asked: Needs[] = [];
	let needs = needsOf(drafts, cids);
	if (cids === "few") nameBehind(needs, drafts);
	for (let round = 0; round < ROUNDS_MAX; round++) {
		await Promise.all([load(connection, needs, snapshot), round === 0 && loadRefused(connection, drafts, snapshot)]);
		asked.push(needs);
		const decision = decide(snapshot, drafts, limits);
		if (decision.missing === undefined) {
			const { rulings, changes, error } = decision;
			locks.mustCover(asked, changes, (id) => snapshot.users.get(id) === null);
			await apply(connection, snapshot, changes, limits);
			return { rulings, error };
		}
		needs = decision.missing;
	}
	throw new DraftError(`rows are missing after ${ROUNDS_MAX} rounds of loading`);
}

/** What sends stand behind, where that is not in the batch: else it would take a round of its own to learn that it is needed. */
function nameBehind(needs: Needs, drafts: readonly Draft[]): void {
	const here = new Set<string>();
	for (const draft of drafts) {
		if (draft.kind !== "entry") continue;
		const sender = draft.sender?.id;
		if (draft.behind && !here.has(`${sender} ${draft.behind}`)) needs.cids.push([sender, draft.behind]);
		here.add(`${sender} ${draft.cid}`);
	}
}

/** Each draft in a savepoint: one that does not fit fails alone. */
async function singly(connection: Connection, attempt: Attempt, limits: RuleLimits & RefusedLimits): Promise<Carried> {
	const rulings: Ruling[] = [];
	const errors: string[] = [];
	for (const draft of attempt.drafts) {
		await connection.run("SAVEPOINT draft");
		try {
			const { rulings: one, error } = await decideAndApply(
				connection,
				[draft],
				new Snapshot(),
				{ ...attempt, cids: "every" },
				limits,
			);
			if (error !== undefined) errors.push(error);
			rulings.push(one[0] ?? INTERNAL);
		} catch (cause) {
			if (troubleOf(cause) !== "draft") throw cause;
			errors.push(messageOf(cause));
			await connection.run("ROLLBACK TO SAVEPOINT draft");
			rulings.push(INTERNAL);
		}
		await connection.run("RELEASE SAVEPOINT draft");
	}
	return { rulings, errors };
}

const INTERNAL: Ruling = { ok: false, code: "internal" };
