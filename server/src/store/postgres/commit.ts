// A commit, and what its answer is worth. A synchronous commit whose wait for a standby is cancelled succeeds with a warning: any warning counts as
// no answer, and so does everything but "COMMIT".
import type { Connection } from "./connection.ts";
import { messageOf } from "./errors.ts";

/** Resolves with what is wrong; undefined: what the transaction wrote is durable. Otherwise whether it is in is not known. Never rejects. */
export async function commitTransaction(connection: Connection, ms?: number): Promise<string | undefined> {
	try {
		connection.takeWarning();
		const command = await connection.run("COMMIT", ms);
		const warning = connection.takeWarning();
		if (warning !== undefined) return `the commit came with a warning: ${warning}`;
		return command === "COMMIT" ? undefined : `the commit was answered with ${command}`;
	} catch (cause) {
		return `the commit was not answered: ${messageOf(cause)}`;
	}
}
