// What is written outside of batches: values kept with the data, new epochs after a restore, the probe for readiness. Each is a commit of its own,
// believed only without a warning.
import { nextEpoch } from "../../base/ids.ts";
import type { Store } from "../store.ts";
import { commitTransaction } from "./commit.ts";
import type { Connection } from "./connection.ts";
import type { Pool } from "./pool.ts";
import { unavailable } from "./reads.ts";
import { numbers, text } from "./values.ts";

const RENEWED_AT_ONCE = 10_000;

export function createUpkeep(
	pool: Pool,
	node: string,
	isReady: () => boolean,
): Pick<Store, "renewEpochs" | "putOnce" | "healthy"> {
	/** Values are put one after the other: the first one given is kept. */
	let putting: Promise<unknown> = Promise.resolve();
	const put = (key: string, value: string): Promise<string> => {
		const done = putting.then(() => pool.run((connection) => durably(connection, () => putOnce(connection, key, value))));
		putting = done.catch(() => null);
		return done;
	};
	return {
		renewEpochs: (epochs) => unavailable(pool.run((connection) => durably(connection, () => renewEpochs(connection, epochs)))),
		putOnce: (key, value) => unavailable(put(key, value)),
		async healthy() {
			if (!isReady()) return false;
			return pool
				.run((connection) => durably(connection, () => probe(connection, node)))
				.then(
					() => true,
					() => false,
				);
		},
	};
}

async function durably<T>(connection: Connection, task: () => Promise<T>): Promise<T> {
	await connection.run(
		"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 2500; SET LOCAL client_min_messages = warning",
	);
	try {
		const result = await task();
		const trouble = await commitTransaction(connection);
		if (trouble !== undefined) throw new Error(trouble);
		return result;
	} catch (cause) {
		if (connection.isOpen) await connection.run("ROLLBACK").catch(() => connection.destroy());
		throw cause;
	}
}

async function putOnce(connection: Connection, key: string, value: string): Promise<string> {
	await connection.ask({ text: "INSERT INTO verbatim.meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING" }, [
		text(key),
		text(value),
	]);
	const { rows } = await connection.ask<{ value: string }>({ text: "SELECT value FROM verbatim.meta WHERE key = $1" }, [
		text(key),
	]);
	return rows[0]?.value ?? value;
}

async function renewEpochs(connection: Connection, epochs: () => number): Promise<void> {
	for (let after = 0; ; ) {
		const { rows } = await connection.ask<{ no: number; epoch: number }>(
			{ text: "SELECT no, epoch FROM verbatim.rooms WHERE no > $1::bigint ORDER BY no LIMIT $2::bigint FOR NO KEY UPDATE" },
			[after, RENEWED_AT_ONCE],
		);
		const last = rows.at(-1);
		if (last === undefined) return;
		await connection.ask(
			{
				text: "UPDATE verbatim.rooms AS r SET epoch = n.epoch FROM unnest($1::bigint[], $2::bigint[]) AS n (no, epoch) WHERE r.no = n.no",
			},
			[numbers(rows.map(({ no }) => no)), numbers(rows.map(({ epoch }) => nextEpoch(epoch, epochs())))],
		);
		after = last.no;
	}
}

/** A lane without drafts. */
const PROBE_LANE = -1;

async function probe(connection: Connection, node: string): Promise<void> {
	await connection.ask(
		{
			text:
				"INSERT INTO verbatim.lanes (node, lane, generation, batch, seen) VALUES ($1, $2::smallint, 0, 0, now()) " +
				"ON CONFLICT (node, lane) DO UPDATE SET seen = excluded.seen",
		},
		[text(node), PROBE_LANE],
	);
}

/** Drops what is left of nodes that are long gone. One that has only been quiet makes its rows anew. */
export async function forgetNodes(connection: Connection): Promise<void> {
	await connection.run("DELETE FROM verbatim.lanes WHERE seen < now() - interval '7 days'");
}
