// Reads a room as the session's user sees it, for a notification; retries while the store cannot, and stops once the session is
// closed.
import { Refusal } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import type { RoomView, Store, UserRef } from "../store/store.ts";
import { READ_RETRY_MS } from "./catch-up.ts";

export interface ReadRoomPort {
	readonly user: UserRef;
	readonly closed: boolean;
	/** A bug. Never throws. */
	broken(cause: unknown): void;
}

export interface ReadRoomParts {
	readonly store: Pick<Store, "room">;
	readonly clock: Pick<Clock, "monotonic" | "after">;
}

/** Never rejects. What `then` throws is a bug. */
export async function readRoom(
	id: string,
	port: ReadRoomPort,
	parts: ReadRoomParts,
	then: (view: RoomView) => void,
): Promise<void> {
	if (port.closed) return;
	try {
		const view = await parts.store.room(id, port.user.id);
		if (view !== undefined && !port.closed) then(view);
	} catch (cause) {
		if (cause instanceof Refusal) parts.clock.after(READ_RETRY_MS, () => void readRoom(id, port, parts, then));
		else port.broken(cause);
	}
}
