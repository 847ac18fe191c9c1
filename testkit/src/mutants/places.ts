// Deliberate bugs in a session's places in rooms: in the table, and in what begins subscriptions by it.
import type { Mutant } from "./list.ts";

export const PLACE_MUTANTS: readonly Mutant[] = [
	{
		name: "resume one too late",
		file: "server/src/session/places.ts",
		find: "view.head : cursor.seq, to",
		replace: "view.head : cursor.seq + 1, to",
		breaks: "S4: each delivery is last + 1",
	},
	{
		name: "resume one too early",
		file: "server/src/session/places.ts",
		find: "view.head : cursor.seq, to",
		replace: "view.head : Math.max(0, cursor.seq - 1), to",
		breaks: "S4: no delivery twice",
	},
	{
		name: "read, then subscribe: the stream of a join begins at the head",
		file: "server/src/session/places.ts",
		find: "subscription.cursor = cursor;",
		replace: "subscription.cursor = room.head;",
		breaks: "S4: a join's page and its stream meet",
	},
	{
		name: "heads of rooms sent from the log are not sent",
		file: "server/src/session/places.ts",
		find: "of any room, whenever it changed.\n\t\tthis.headsNotified = 0;",
		replace: "of any room, whenever it changed.",
		breaks: "L2: everybody reaches the head",
		survives:
			"it takes more than two thousand seeds: an entry that a bad wire damages, the last of a room that was sent from the log; server/test/core/heads.test.ts holds it",
	},
	{
		name: "a join overtaken by a leave begins a stream",
		file: "server/src/room/place.ts",
		find: 'answered: to("absent", "roomRemoved"),',
		replace: 'answered: to("live"),',
		breaks: "S9: nothing after a leave",
	},
	{
		name: "a room's entries are sent before the room",
		file: "server/src/room/place.ts",
		find: 'failed: to("announcing"),',
		replace: 'failed: to("live"),',
		breaks: "S4: a stream begins where the client was told",
	},
	{
		name: "a leave during a join's answer is taken for a join that is still to come",
		file: "server/src/room/place.ts",
		find: 'joined: to("admitted"),\n\t\t// Told of neither.\n\t\tleft: to("overtaken"),',
		replace: 'joined: to("admitted"),\n\t\tleft: to("joining"),',
		breaks: "S9: nothing after a leave",
	},
	{
		name: "a room that is rejoined and left is forgotten before the answer",
		file: "server/src/room/place.ts",
		find: 'joined: to("rejoining"),\n\t\tleft: to("overtaken", "roomRemoved"),',
		replace: 'joined: to("rejoining"),\n\t\tleft: to("absent", "roomRemoved"),',
		breaks: "no step is taken that the table does not have",
	},
	{
		name: "a join of a room whose announcement is pending takes it for announced",
		file: "server/src/room/place.ts",
		find: 'join: to("admitted"),',
		replace: 'join: to("rejoining"),',
		breaks: "S4: a stream begins where the client was told",
	},
	{
		name: "a stale cursor is accepted after a failed join",
		file: "server/src/room/place.ts",
		find: 'join: to("rejoiningStale"),',
		replace: 'join: to("rejoining"),',
		breaks: "S11: a restore is told",
		survives:
			"it takes a client that joins a room in the moments after a restore in which it is not told yet, and a join that fails; server/test/core/places.test.ts makes them",
	},
	{
		name: "a room is announced again after a join's answer",
		file: "server/src/room/place.ts",
		find: 'join: to("rejoining"),\n\t\tread: to("live"),',
		replace: 'join: to("rejoining"),\n\t\tread: to("live", "roomAdded"),',
		breaks: "S4: a stream begins where the client was told",
	},
	{
		name: "a cursor of another epoch is accepted",
		file: "server/src/session/places.ts",
		find: "(cursor.epoch === view.epoch && cursor.seq <= view.head)",
		replace: "cursor.seq <= view.head",
		breaks: "S11: a restore is told",
	},
];
