// Maps errors of opening a server or its data folder to messages and exit codes.
import { AddressError, BindError, BusOpenError, KeyFileError, PostgresOpenError, StoreOpenError } from "@verbatim/server";
import { CommandError, EXIT, type ExitCode } from "./exit.ts";

/** The `CommandError` of a known error; any other error is returned unchanged. */
export function openError(error: unknown): unknown {
	const words = (code: ExitCode, why: Error): CommandError => new CommandError(code, `verbatim: ${why.message}`, why);
	if (error instanceof StoreOpenError) return words(STORE_EXITS[error.code], error);
	if (error instanceof PostgresOpenError) return words(DATABASE_EXITS[error.code], error);
	if (error instanceof BusOpenError) return words(EXIT.denied, error);
	if (error instanceof BindError) return words(error.code === "TLS" ? EXIT.config : EXIT.address, error);
	if (error instanceof AddressError || error instanceof RangeError || error instanceof KeyFileError)
		return words(EXIT.config, error);
	return error;
}

const STORE_EXITS = {
	unwritable: EXIT.unwritable,
	locked: EXIT.later,
	newer: EXIT.data,
	corrupt: EXIT.data,
	missing: EXIT.missing,
	io: EXIT.io,
} as const satisfies Record<StoreOpenError["code"], ExitCode>;

const DATABASE_EXITS = {
	unreachable: EXIT.later,
	denied: EXIT.denied,
	missing: EXIT.missing,
	standby: EXIT.later,
	newer: EXIT.data,
	foreign: EXIT.data,
	settings: EXIT.config,
	connections: EXIT.later,
} as const satisfies Record<PostgresOpenError["code"], ExitCode>;
