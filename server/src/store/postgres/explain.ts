// What went wrong while a store was opened, in words for people.
import { messageOf, ReadOnlyError, sqlState } from "./errors.ts";
import { PostgresOpenError } from "./open-error.ts";

/** For the store at `shown`: a `PostgresOpenError`, or our own error as it is. */
export function explained(shown: string, cause: unknown): unknown {
	if (cause instanceof PostgresOpenError) return cause;
	if (cause instanceof ReadOnlyError) {
		return new PostgresOpenError(
			"standby",
			`${shown} takes no writes: it is a standby, or its transactions are read-only; name the primary, or all hosts with commas between`,
			cause,
		);
	}
	const words = messageOf(cause);
	const state = sqlState(cause) ?? "";
	if (state === "3D000") {
		const name = decodeURIComponent(shown.slice(shown.lastIndexOf("/") + 1));
		return new PostgresOpenError(
			"missing",
			`${shown}: there is no such database; make it: CREATE DATABASE "${name}" ENCODING 'UTF8' TEMPLATE template0`,
			cause,
		);
	}
	if (state.startsWith("28")) {
		return new PostgresOpenError(
			"denied",
			`${shown} does not let this user in (${words}); check user and password (storePasswordFile), and pg_hba.conf of the server`,
			cause,
		);
	}
	if (state === "42501") {
		return new PostgresOpenError(
			"denied",
			`${shown}: ${words}; let this user own the database (ALTER DATABASE … OWNER TO …)`,
			cause,
		);
	}
	if (state.startsWith("53")) {
		return new PostgresOpenError("connections", `${shown} lets in no more connections (${words}); raise its limits`, cause);
	}
	if (state !== "" && !state.startsWith("57P") && !state.startsWith("08")) return cause;
	return new PostgresOpenError(
		"unreachable",
		`the database ${shown} cannot be reached: ${words}; check host, port, TLS (sslmode) and whether it runs`,
		cause,
	);
}
