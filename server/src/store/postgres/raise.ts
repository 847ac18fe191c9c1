// Raises a lane's generation: afterwards nothing of an older one is written, and it is known which batch was the last.
import { commitTransaction } from "./commit.ts";
import type { Connection, Statement } from "./connection.ts";
import type { PostgresTimes } from "./times.ts";
import { begin } from "./transaction.ts";

export interface Raised {
	readonly generation: number;
	/** The newest batch that is in; 0: none. */
	readonly batch: number;
}

const RAISE: Statement = {
	text:
		"INSERT INTO verbatim.lanes AS l (node, lane, generation, batch, seen) VALUES ($1, $2::smallint, 1, 0, now()) " +
		"ON CONFLICT (node, lane) DO UPDATE SET generation = l.generation + 1, seen = now() RETURNING generation, batch",
};

/** Rejects while a transaction of the older generation is under way longer than a lock is waited for, and where the commit is not to be believed. */
export async function raise(connection: Connection, node: string, lane: number, times: PostgresTimes): Promise<Raised> {
	const begun = connection.run(begin(times));
	const [{ rows }] = await Promise.all([connection.ask<Raised>(RAISE, [node, lane]), begun]);
	const trouble = await commitTransaction(connection, times.commitMs);
	const [raised] = rows;
	if (trouble !== undefined || raised === undefined) throw new Error(`the lane's generation was not raised: ${trouble}`);
	return raised;
}
