// Waits for the connection. Failures are printed at once, on the standard error output, with the time-out.
import { ConnectError, type Status, TimeoutError, type VerbatimError } from "@verbatim/client";
import { type Arguments, type Option, secondsOf } from "../args.ts";
import { errorOf } from "./command-errors.ts";
import type { ConnectedClient } from "./connection.ts";

const WAIT_SECONDS = 15;

export const WAIT_OPTION: Option = {
	name: "wait",
	takes: "SECONDS",
	about: `Try this long to reach the server; 0: once. Default: ${WAIT_SECONDS}.`,
};

/** Without an answer a notice is printed after this time. */
const QUIET_MS = 2_000;

/**
 * Resolves when the connection is live. Rejects as the SDK does, or with a `CommandError` of the last failure when `--wait` has elapsed,
 * at once for a permanent one. `so` is appended to its message.
 */
export async function reach({ client }: ConnectedClient, args: Arguments, so: string, signal?: AbortSignal): Promise<void> {
	const seconds = secondsOf(args, "wait", WAIT_SECONDS, 0);
	const over = new AbortController();
	let why: VerbatimError | undefined;
	const tell = (words: string): void => console.error(`- ${words}; trying for ${seconds} s`);
	const look = (status: Status): void => {
		if (status.state !== "waiting") return;
		const before = why;
		why = status.why;
		if (seconds === 0 || isPermanent(why)) over.abort();
		else if (why.message !== before?.message) tell(why.message);
	};
	const off = client.on("status", look);
	look(client.status);
	const quiet = setTimeout(() => {
		if (why === undefined && seconds > 0) tell(`${endpointOf(client.status)} has not answered yet`);
	}, QUIET_MS);
	const end = seconds === 0 ? undefined : setTimeout(() => over.abort(), seconds * 1_000);
	try {
		await client.ready({ timeoutMs: DAY_MS, signal: AbortSignal.any(signal ? [over.signal, signal] : [over.signal]) });
	} catch (error) {
		const { status } = client;
		if (status.state === "stopped" || !over.signal.aborted) throw error;
		throw errorOf(why ?? new TimeoutError(`connecting to ${endpointOf(status)}`, seconds * 1_000), so, true);
	} finally {
		off();
		clearTimeout(quiet);
		clearTimeout(end);
	}
}

/** Whether retrying cannot help. */
function isPermanent(why: VerbatimError): boolean {
	return why instanceof ConnectError && ["not_verbatim", "forbidden", "tls"].includes(why.reason);
}

/** Bounded by `--wait`. */
const DAY_MS = 86_400_000;

function endpointOf(status: Status): string {
	return "endpoint" in status ? status.endpoint : "the server";
}
