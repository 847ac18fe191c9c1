// Writes connection state, problems and failed sends to the program's logger. Never a text, a token, a password, or the query of an
// endpoint.
import type { ClientEvents, Delivery, Logger, Status } from "./api/api.ts";
import type { Clock } from "./base/clock.ts";
import { UnknownOutcomeError } from "./base/errors.ts";
import type { Emitter } from "./base/events.ts";

export function logEvents(logger: Logger, emitter: Emitter<ClientEvents>, clock: Pick<Clock, "now">): void {
	let suspect = false;
	emitter.on("status", (status) => {
		const was = suspect;
		suspect = status.state === "live" && status.suspect;
		if (status.state !== "live") logStatus(logger, status, clock);
		else if (suspect !== was) {
			if (suspect) logger.warn({ endpoint: shown(status.endpoint) }, "the connection does not answer; asking");
			else logger.info({ endpoint: shown(status.endpoint) }, "the connection answers again");
		} else if (status.behind) logger.debug({ endpoint: shown(status.endpoint) }, "this connection is slower than its rooms");
		else logger.info({ endpoint: shown(status.endpoint) }, "connected");
	});
	emitter.on("user", ({ id, name }) => logger.info({ user: id, name }, "welcomed"));
	emitter.on("tokens", ({ accessExpiresMs }) => logger.debug({ accessExpiresMs }, "fresh tokens"));
	emitter.on("roomAdded", ({ id, title }) => logger.debug({ room: id, title }, "in a room"));
	emitter.on("roomRemoved", ({ id, title }) => logger.debug({ room: id, title }, "no longer in a room"));
	emitter.on("problem", (err) => logger.warn({ err }, "a problem"));
}

/** A send has failed; it stays in the outbox until the user retries or discards it. */
export function logFailed(logger: Logger, { cid, room, status }: Delivery): void {
	if (status.state !== "failed") return;
	const { error } = status;
	const { code, trace } = error instanceof UnknownOutcomeError ? error.cause : error;
	const words =
		error instanceof UnknownOutcomeError ? "a send was given up; its outcome is unknown" : "a send was refused for good";
	logger.warn({ room, cid, code, trace, err: error }, words);
}

function logStatus(logger: Logger, status: Exclude<Status, { readonly state: "live" }>, clock: Pick<Clock, "now">): void {
	switch (status.state) {
		case "idle":
			logger.debug({}, "idle");
			return;
		case "connecting":
			logger.debug({ endpoint: shown(status.endpoint), attempt: status.attempt }, "connecting");
			return;
		case "waiting": {
			const retryInMs = Math.max(0, status.retryAtMs - clock.now());
			logger.warn({ err: status.why, attempt: status.attempt, retryInMs }, "not connected; trying again");
			return;
		}
		case "stopped":
			if (status.why === "closed") logger.info({}, "closed");
			else logger.error({ err: status.why }, "stopped");
	}
}

/** An endpoint without credentials and query. */
function shown(endpoint: string): string {
	const { protocol, host, pathname } = new URL(endpoint);
	return `${protocol}//${host}${pathname}`;
}
