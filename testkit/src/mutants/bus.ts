// Deliberate bugs in what receives from a bus that loses, doubles, delays and reorders, and in what repairs it.
import type { Mutant } from "./list.ts";

export const BUS_MUTANTS: readonly Mutant[] = [
	{
		name: "a commit that the bus doubles is delivered twice",
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
		name: "a gap between commits of the bus is not read from the log",
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
		name: "presence lost by the bus is not published again",
		file: "server/src/node/compare.ts",
		find: "if (!this.isStopped) this.parts.presence.compare();",
		replace: "",
		breaks: "L4: presence converges",
	},
	{
		name: "late presence overwrites newer presence",
		file: "server/src/people/presence.ts",
		find: "if (published.brought >= number) return;",
		replace: "",
		breaks: "L4: presence converges",
		survives: "the comparison publishes it again a second later; server/test/core/lossy-bus.test.ts holds it",
	},
	{
		name: "a late membership event overwrites a newer one",
		file: "server/src/session/places.ts",
		find: "return seq > this.knownAsOf(room);",
		replace: "return seq > 0;",
		breaks: "S9: nothing after a leave",
		survives: "it takes more than two thousand seeds; server/test/core/lossy-bus.test.ts holds it",
	},
	{
		name: "history ends at the head known by the bus",
		file: "server/src/command/reading.ts",
		find: "const room = !parts.bus.lossy && session",
		replace: "const room = session",
		breaks: "S7: a page shows all that was acknowledged before",
	},
	{
		name: "a room with missed commits takes the newest commit's seq as its head",
		file: "server/src/room/room.ts",
		find: "if (head + 1 >= this.notifiedFrom) {",
		replace: "if (head >= 0) {",
		breaks: "S9: nothing after a leave",
		survives:
			"it takes a leave that is lost in the moments in which another session is welcomed; server/test/core/room.test.ts holds it",
	},
];
