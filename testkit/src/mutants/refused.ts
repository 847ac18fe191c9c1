// Deliberate bugs around sends that were refused for good, and their copies.
import type { Mutant } from "./list.ts";

const BREAKS = "S6: what was refused never appears";

export const REFUSED_MUTANTS: readonly Mutant[] = [
	{
		name: "a refused send is not recorded",
		file: "server/src/log/rooms.ts",
		find: "if (isRepeatable(cid) && isFinal(code)) changes.push(",
		replace: "if (isRepeatable(cid) && isFinal(code) && atMs < 0) changes.push(",
		breaks: BREAKS,
	},
	{
		name: "a refused send is recorded under another sender",
		file: "server/src/store/memory/apply.ts",
		find: "disk.refused.set(pair(change.send.sender, change.send.cid), change.send);",
		replace: "disk.refused.set(pair(change.send.cid, change.send.cid), change.send);",
		breaks: BREAKS,
	},
	{
		name: "a send refused by its handler is not recorded",
		file: "server/src/command/message.ts",
		find: "if (peer instanceof Refusal) {",
		replace: "if (peer instanceof Refusal && clock.now() > 0) throw peer;\n\tif (peer instanceof Refusal) {",
		breaks: BREAKS,
	},
	{
		name: "a send whose direct conversation cannot be opened is not recorded as refused",
		file: "server/src/log/rooms.ts",
		find: 'return refuseFor(at, draft, send?.cid ?? "", { ok: false, code: refusal });',
		replace: "return { ok: false, code: refusal };",
		breaks: BREAKS,
		survives: "limits of rooms and invitations are not reached there; server/test/core/refused-sends.test.ts reaches them",
	},
	{
		name: "a repeat is known by its cid alone",
		file: "server/src/log/rooms.ts",
		find: "const isSame = answer.room === room && answer.hash === contentHash(bodyOf(body));",
		replace: "const isSame = true;",
		breaks: "S1: acknowledged is what is in the log",
		survives: "no client of the simulation uses a cid twice; server/test/store/contract-log.ts does",
	},
	{
		name: "refused sends are forgotten at once",
		file: "server/src/log/refused.ts",
		find: "return Math.abs(nowMs - atMs) <= refusedSendsMs;",
		replace: "return Math.abs(nowMs - atMs) > refusedSendsMs;",
		breaks: BREAKS,
	},
	{
		name: "a retryable refusal is recorded as final",
		file: "protocol/src/errors.ts",
		find: "return FINAL.has(code);",
		replace: 'return FINAL.has(code) || code === "out_of_order";',
		breaks: "L1: every send ends",
	},
	{
		name: "a refused send keeps its cid when the user retries it",
		file: "client/src/outbox/outbox.ts",
		find: "isAnswered(error) ? nextCid(item.cid) : item.cid;",
		replace: "item.cid;",
		breaks: BREAKS,
	},
];
