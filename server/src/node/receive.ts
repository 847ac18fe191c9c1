// Routes messages of the bus: commits to live rooms, events of a user to the user's sessions, ephemerals to a room's subscribers.
import { unreachable } from "@verbatim/protocol";
import type { Revocations } from "../account/revocations.ts";
import type { Faults } from "../base/faults.ts";
import type { BusMessage, Ephemeral, UserEvent } from "../bus/bus.ts";
import type { Directory } from "../people/directory.ts";
import type { Presence } from "../people/presence.ts";
import type { RemoteSessions } from "../people/remote-sessions.ts";
import { Push } from "../room/push.ts";
import type { Rooms } from "../room/rooms.ts";

export interface ReceiverParts {
	readonly rooms: Rooms;
	readonly presence: Presence;
	readonly remoteSessions: RemoteSessions;
	readonly directory: Directory;
	readonly revocations: Revocations;
	readonly faults: Pick<Faults, "report">;
	/** Rooms with more subscribers than this get neither typing nor presence. */
	readonly presenceReadersMax: number;
}

/** The function that it returns never throws. */
export function createReceiver(parts: ReceiverParts): (message: BusMessage) => void {
	const { rooms, presence, remoteSessions, revocations, faults } = parts;
	const receive = (message: BusMessage): void => {
		switch (message.kind) {
			case "commit":
				return rooms.committed(message.committed);
			case "joined":
				return rooms.joined(message);
			case "left":
				return rooms.left(message);
			case "invited":
				return rooms.invited(message);
			case "declined":
				return rooms.declined(message.room, message.user);
			case "revoked":
				revocations.add(message.user, message.generation);
				return revoke(parts.directory, message);
			case "opened":
				return remoteSessions.opened(message);
			case "ended":
				return remoteSessions.ended(message);
			case "typing":
				return notifyTyping(parts, message);
			case "presence":
				return presence.receive(message);
			default:
				return unreachable(message);
		}
	};
	return (message) => {
		try {
			receive(message);
		} catch (cause) {
			faults.report("bus", `a message of kind ${message.kind} was not received whole`, cause);
		}
	};
}

/** Ends the user's sessions of an earlier generation. */
function revoke(directory: Directory, { user, generation, why }: Extract<UserEvent, { kind: "revoked" }>): void {
	for (const subscriber of [...directory.of(user)]) {
		try {
			subscriber.revoked(generation, why);
		} catch (cause) {
			subscriber.broken(cause);
		}
	}
}

function notifyTyping({ rooms, presenceReadersMax }: ReceiverParts, message: Extract<Ephemeral, { kind: "typing" }>): void {
	const room = rooms.get(message.room);
	if (room === undefined || room.subscribers.size > presenceReadersMax) return;
	const { id, name } = message.user;
	const push = new Push({ case: "typist", value: { room: room.id, user: { id, name } } });
	room.subscribers.each(({ subscriber }) => {
		if (subscriber.user.id !== id) subscriber.pushEphemeral(push);
	});
}
