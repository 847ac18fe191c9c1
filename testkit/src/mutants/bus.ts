// Deliberate bugs in what receives from a bus that loses, doubles, delays and reorders, and in what repairs it.
import type { Mutant } from "./list.ts";

export const BUS_MUTANTS: readonly Mutant[] = [
	{
		name: "what a bus repeats is delivered again",
		file: "server/src/room/room.ts",
		find: "committed.entries.filter((entry) => entry.seq > this.head)",
		replace: "committed.entries.slice()",
		breaks: "S4: no delivery twice",
		survives: "a subscription takes nothing at or below its cursor; server/test/core/room.test.ts holds it",
	},
	{
		name: "a commit out of order is delivered",
		file: "server/src/room/subscription.ts",
		find: "push.from === this.cursor + 1 &&",
		replace: "push.to > this.cursor &&",
		breaks: "S4: no gap without a word",
	},
	{
		name: "a gap in what the bus brings is not read from the log",
		file: "server/src/room/rooms.ts",
		find: "if (room.subscribers.size > 0) {\n\t\t\t\tthis.gaps.buffer(room, committed);\n\t\t\t\treturn;\n\t\t\t}",
		replace: "",
		breaks: "S9: nothing after a leave",
	},
	{
		name: "heads are not compared",
		file: "server/src/node/compare.ts",
		find: "await this.compareHeads();",
		replace: "",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "memberships are not compared",
		file: "server/src/node/compare.ts",
		find: "if (this.standings.get(id) !== standings) await this.compareRooms(id);",
		replace: "",
		breaks: "L2: everybody is in their rooms",
	},
	{
		name: "presence that the bus has lost is not published again",
		file: "server/src/node/compare.ts",
		find: "if (!this.isStopped) this.parts.presence.compare();",
		replace: "",
		breaks: "L4: presence converges",
	},
	{
		name: "presence that comes late is believed over newer",
		file: "server/src/people/presence.ts",
		find: "if (published.brought >= number) return;",
		replace: "",
		breaks: "L4: presence converges",
		survives: "the comparison publishes it again a second later; server/test/core/lossy-bus.test.ts holds it",
	},
	{
		name: "what comes late of a membership is believed over newer",
		file: "server/src/session/places.ts",
		find: "return seq > this.knownAsOf(room);",
		replace: "return seq > 0;",
		breaks: "S9: nothing after a leave",
		survives: "it takes more than two thousand seeds; server/test/core/lossy-bus.test.ts holds it",
	},
	{
		name: "history ends where the bus has brought the room",
		file: "server/src/command/reading.ts",
		find: "const room = !parts.bus.lossy && session",
		replace: "const room = session",
		breaks: "S7: a page shows all that was acknowledged before",
	},
	{
		name: "a room of which not all was told is believed to be as far as its newest news",
		file: "server/src/room/room.ts",
		find: "if (head + 1 >= this.notifiedFrom) {",
		replace: "if (head >= 0) {",
		breaks: "S9: nothing after a leave",
		survives:
			"it takes a leave that is lost in the moments in which another session is welcomed; server/test/core/room.test.ts holds it",
	},
];
