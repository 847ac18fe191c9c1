// The messages between the hub and a worker's bus, by topic of their port.
import type { BusMessage } from "../bus.ts";

export const TOPIC = {
	/** A `BusMessage`. */
	message: "bus",
	/** A `Follow`. */
	follow: "follow",
	/** Messages were dropped before this. */
	lost: "lost",
} as const;

export type Follow = readonly [kind: "room" | "user", id: string, follows: boolean];

/** The value of the topic `lost`, which carries nothing else. */
export const LOST = "null";

/** May it be dropped: is it in the store, or ephemeral? */
export function isDroppable({ kind }: BusMessage): boolean {
	return kind !== "opened" && kind !== "ended" && kind !== "revoked";
}
