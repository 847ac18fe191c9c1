// Deciding without a database: random batches over random rows.
import { describe, expect, test } from "bun:test";
import { type Entry, effectsOf, isFinal, Room_Kind, Room_Standing } from "@verbatim/protocol";
import fc from "fast-check";
import type { Change } from "../../src/log/change.ts";
import { decide, decideOn, type Ruling } from "../../src/log/decide.ts";
import { cidOf, type Draft } from "../../src/log/draft.ts";
import { needsOf } from "../../src/log/needs.ts";
import { directKey } from "../../src/log/records.ts";
import { Snapshot } from "../../src/log/snapshot.ts";
import { isMember } from "../../src/log/standing.ts";
import { applyTo } from "../../src/store/memory/apply.ts";
import { type MemoryDisk, newMemoryDisk } from "../../src/store/memory/disk.ts";
import { loadFrom } from "../../src/store/memory/load.ts";
import { ann, bob, create, direct, invite, join, leave, say, userRecord } from "../store/drafts.ts";
import { randomDraft, SMALL_LIMITS } from "./random-drafts.ts";

const RUNS = 200;
/** On a busy machine a property takes seconds. */
const TIMEOUT_MS = 60_000;
/** Refused sends count for longer than any time that the batches tell. */
const LIMITS = { ...SMALL_LIMITS, refusedSendsMs: 100 };

describe("a batch, decided on loaded rows", () => {
	test(
		"gives the same when it is decided again, and leaves the rows as they were",
		() => {
			check((rows, batch) => {
				const snapshot = new Snapshot();
				let needs = needsOf(batch, "every");
				for (let rounds = 0; ; rounds++) {
					expect(rounds).toBeLessThan(5);
					loadFrom(rows, needs, snapshot);
					const before = structuredClone(snapshot);
					const decision = decide(snapshot, batch, LIMITS);
					expect(decide(snapshot, batch, LIMITS)).toEqual(decision);
					expect(structuredClone(snapshot)).toEqual(before);
					if (decision.missing === undefined) return;
					needs = decision.missing;
				}
			});
		},
		TIMEOUT_MS,
	);

	test(
		"gives the same as in two parts, and as one draft after the other",
		() => {
			check((rows, batch, cut) => {
				const [whole, halves, single] = [rows, structuredClone(rows), structuredClone(rows)];
				const rulings = carryOut(whole, batch);
				expect([...carryOut(halves, batch.slice(0, cut)), ...carryOut(halves, batch.slice(cut))]).toEqual([...rulings]);
				expect(batch.flatMap((draft) => carryOut(single, [draft]))).toEqual([...rulings]);
				expect(halves).toEqual(whole);
				expect(single).toEqual(whole);
			});
		},
		TIMEOUT_MS,
	);

	test(
		"gives the same where it is learnt from the insert whether a cid was used",
		() => {
			check((rows, batch) => {
				const other = structuredClone(rows);
				expect(carryOutByInsert(other, batch)).toEqual(carryOut(rows, batch));
				expect(other).toEqual(rows);
			});
		},
		TIMEOUT_MS,
	);

	test(
		"leaves dense logs, whose fold is who is in the room",
		() => {
			check((rows, batch) => {
				carryOut(rows, batch);
				for (const { row, log, members } of rows.rooms.values()) {
					expect(log.map(({ seq }) => seq)).toEqual(log.map((_, i) => i + 1));
					expect(row.head).toBe(log.length);
					const folded = membersBy(log);
					expect(nameBy(log)).toBe(row.name);
					// Of invitations the log does not tell that they were declined.
					const inside = [...members].filter(([, { standing }]) => isMember(standing));
					expect(new Map(inside.map(([id, { standing }]) => [id, standing]))).toEqual(
						new Map([...folded].filter(([, standing]) => isMember(standing))),
					);
					expect(row.members).toBe(inside.length);
					for (const [id, { standing }] of members) {
						if (standing === Room_Standing.INVITED) expect(folded.get(id)).toBe(Room_Standing.INVITED);
					}
				}
			});
		},
		TIMEOUT_MS,
	);

	test(
		"exceeds no limit",
		() => {
			check((rows, batch) => {
				carryOut(rows, batch);
				const [own, brought, open] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
				const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
				for (const { row, members } of rows.rooms.values()) {
					expect(row.head).toBeLessThanOrEqual(LIMITS.seqMax);
					for (const [id, { standing, broughtBy }] of members) {
						count(broughtBy === undefined ? own : brought, id);
						if (standing === Room_Standing.INVITED) count(open, `${id} by ${broughtBy}`);
					}
				}
				for (const rooms of own.values()) expect(rooms).toBeLessThanOrEqual(LIMITS.roomsPerUserMax);
				for (const rooms of brought.values()) expect(rooms).toBeLessThanOrEqual(LIMITS.invitationsPerUserMax);
				for (const rooms of open.values()) expect(rooms).toBe(1);
			});
		},
		TIMEOUT_MS,
	);

	test(
		"has a sender's cid in one entry at most, and answers each repeat with its place",
		() => {
			check((rows, batch) => {
				const rulings = carryOut(rows, batch);
				const places = new Map<string, string>();
				for (const { row, log } of rows.rooms.values()) {
					for (const { seq, sender, cid } of log) {
						if (cid === "") continue;
						expect(places.has(`${sender?.id} ${cid}`)).toBe(false);
						places.set(`${sender?.id} ${cid}`, `${row.id} ${seq}`);
					}
				}
				for (const [i, draft] of batch.entries()) {
					const ruling = rulings[i];
					const cid = cidOf(draft);
					if (!cid || !("sender" in draft) || !ruling?.ok) continue;
					const seq = (draft.kind === "entry" ? ruling.seq : undefined) ?? ruling.first?.seq;
					// A conversation that is opened for a send is no answer to it; where nothing had to be written, the cid is free.
					if (seq === undefined) continue;
					const room = draft.kind === "direct" ? directKey(draft.sender.id, draft.peer.id) : "room" in draft ? draft.room : "";
					expect(places.get(`${draft.sender.id} ${cid}`)).toBe(`${room} ${seq}`);
				}
			});
		},
		TIMEOUT_MS,
	);

	test(
		"answers a sender's cid once: after an entry with that one, after a refusal for good with the same",
		() => {
			check((rows, batch) => {
				const answers = new Map<string, string>();
				// Twice: whatever was said comes again when everything else has changed.
				const drafts = [...batch, ...batch];
				for (const [i, ruling] of carryOut(rows, drafts).entries()) {
					const draft = drafts[i] as Draft;
					const cid = cidOf(draft);
					if (!cid || !("sender" in draft) || (!ruling.ok && !isFinal(ruling.code))) continue;
					// A conversation that is opened for a send is no answer to it, nor is that nothing had to be written.
					const seq = ruling.ok ? ((draft.kind === "entry" ? ruling.seq : undefined) ?? ruling.first?.seq) : 0;
					if (seq === undefined) continue;
					const answer = ruling.ok ? `${ruling.room?.id} ${seq}` : ruling.code;
					const key = `${draft.sender.id} ${cid}`;
					expect(answer).toBe(answers.get(key) ?? answer);
					answers.set(key, answer);
					expect(rows.refused.has(`${draft.sender.id}|${cid}`)).toBe(!ruling.ok);
				}
				for (const { log } of rows.rooms.values()) {
					for (const { sender, cid } of log) expect(cid !== "" && rows.refused.has(`${sender?.id}|${cid}`)).toBe(false);
				}
			});
		},
		TIMEOUT_MS,
	);
});

test(
	"the random batches reach every answer",
	() => {
		const seen = new Set<string>();
		check(
			(rows, batch) => {
				for (const ruling of carryOut(rows, batch)) {
					seen.add(ruling.ok ? "ok" : ruling.code);
					if (!ruling.ok) continue;
					if (ruling.first) seen.add("repeated");
					if (ruling.declined) seen.add("declined");
					if (ruling.eviction?.rooms.length) seen.add("a guest leaves its rooms");
					if (ruling.family?.ended) seen.add("a family ends");
				}
			},
			{ seed: 1, numRuns: 1_000 },
		);
		const codes = ["cid_reused", "forbidden", "invitations_full", "name_taken", "no_such_room", "no_such_user", "not_member"];
		const more = ["out_of_order", "room_full", "room_taken", "too_many_invitations", "too_many_rooms"];
		const kinds = ["a family ends", "a guest leaves its rooms", "declined", "ok", "repeated"];
		expect([...seen].sort()).toEqual([...codes, ...more, ...kinds].sort());
	},
	TIMEOUT_MS,
);

test("a draft that the rules cannot read fails alone, and leaves nothing", () => {
	const rows = newMemoryDisk();
	const broken = [{ ...say("tea", ann, "x"), sender: null }, { kind: "nonsense" }] as unknown as Draft[];
	const batch = [create("tea", ann), ...broken, say("tea", ann, "2")];
	const { rulings, error } = decideOn((needs, snapshot) => loadFrom(rows, needs, snapshot), batch, LIMITS, "few");
	expect(rulings.map((ruling) => (ruling.ok ? ruling.seq : ruling.code))).toEqual([1, "internal", "internal", 2]);
	expect(error).toBeString();
});

test("rows that the drafts do not name are asked for, and nothing is decided without them", () => {
	const rows = newMemoryDisk();
	const guest = { kind: "guest", expiresMs: 5 } as const;
	carryOut(rows, [{ kind: "userCreate", nowMs: 0, user: userRecord(ann, guest) }, create("tea", bob)]);
	carryOut(rows, [join("tea", ann)]);
	const taking: Draft = { kind: "userCreate", nowMs: 9, user: userRecord({ id: "u-2", name: "ann" }) };
	const snapshot = new Snapshot();
	loadFrom(rows, needsOf([taking], "few"), snapshot);
	const first = decide(snapshot, [taking], LIMITS);
	expect(first.missing).toMatchObject({ channels: ["u-ann"], rooms: [], users: [] });
	expect(first).not.toHaveProperty("changes");
	loadFrom(rows, first.missing as NonNullable<typeof first.missing>, snapshot);
	expect(decide(snapshot, [taking], LIMITS)).toMatchObject({
		rulings: [{ ok: true, eviction: { rooms: [{ room: "tea", seq: 3 }] } }],
	});
});

test("whom a user knows is seen as the drafts before have left it", () => {
	const rows = newMemoryDisk();
	const strangers = ["x", "y"].map((name) => ({ id: `u-${name}`, name }));
	carryOut(rows, [
		create("den", bob, Room_Kind.PRIVATE),
		create("b", bob, Room_Kind.PRIVATE),
		invite("den", bob, ann),
		join("den", ann),
	]);
	for (const stranger of strangers) {
		carryOut(rows, [create(stranger.name, stranger, Room_Kind.PRIVATE), invite(stranger.name, stranger, ann)]);
	}
	const codes = (drafts: readonly Draft[]) =>
		carryOut(structuredClone(rows), drafts).map((ruling) => (ruling.ok ? "ok" : ruling.code));
	// Strangers have filled their half of what others may bring: only whom ann knows may bring more.
	expect(codes([invite("b", bob, ann)])).toEqual(["ok"]);
	expect(codes([leave("den", ann), invite("b", bob, ann)])).toEqual(["ok", "invitations_full"]);
	expect(codes([leave("den", ann), direct("d", ann, bob), invite("b", bob, ann)])).toEqual(["ok", "ok", "ok"]);
});

function carryOut(rows: MemoryDisk, drafts: readonly Draft[]): readonly Ruling[] {
	const { rulings, changes } = decideOn((needs, snapshot) => loadFrom(rows, needs, snapshot), drafts, LIMITS, "every");
	for (const change of changes) applyTo(rows, change);
	return rulings;
}

/** As a store does that does not look cids up before: what was decided is applied up to the first that turns out to be used. */
function carryOutByInsert(rows: MemoryDisk, drafts: readonly Draft[]): readonly Ruling[] {
	const load: Parameters<typeof decideOn>[0] = (needs, snapshot) => loadFrom(rows, needs, snapshot);
	const isUsed = (change: Change): boolean =>
		change.kind === "append" && rows.said.get(change.entry.sender?.id ?? "")?.has(change.entry.cid) === true;
	const { rulings, changes } = decideOn(load, drafts, LIMITS, "few");
	for (const change of changes) {
		if (change.kind === "append" && isUsed(change)) {
			return [...rulings.slice(0, change.draft), ...carryOut(rows, drafts.slice(change.draft))];
		}
		applyTo(rows, change);
	}
	return rulings;
}

/** Runs `property` on random rows (what a random batch leaves), another batch, and a place in it. */
function check(
	property: (rows: MemoryDisk, batch: readonly Draft[], cut: number) => void,
	more: { readonly seed?: number; readonly numRuns?: number } = {},
): void {
	const history = fc.array(randomDraft(), { minLength: 40, maxLength: 60 });
	const batches = fc.array(randomDraft(), { maxLength: 30, size: "max" });
	fc.assert(
		fc.property(history, batches, fc.nat(30), (before, batch, cut) => {
			const rows = newMemoryDisk();
			for (const draft of before) carryOut(rows, [draft]);
			property(rows, batch, cut);
		}),
		{ numRuns: RUNS, endOnFailure: true, ...more },
	);
}

/** The standings that the entries say, open invitations among them. */
function membersBy(log: readonly Entry[]): Map<string, Room_Standing> {
	const members = new Map<string, Room_Standing>();
	for (const effect of log.flatMap(effectsOf)) {
		if (effect.kind === "member") members.set(effect.user.id, effect.standing);
		else members.delete(effect.user.id);
	}
	return members;
}

/** The name that the newest entry with one gives. */
function nameBy(log: readonly Entry[]): string | undefined {
	return log
		.map(({ body }) => (body.case === "created" || body.case === "renamed" ? body.value.name : undefined))
		.findLast((name) => name !== undefined);
}
