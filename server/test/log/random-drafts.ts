// Random drafts of a few users, rooms, names and cids, so that they meet.
import { Room_Kind } from "@verbatim/protocol";
import fc from "fast-check";
import type { RuleLimits } from "../../src/log/decide.ts";
import { type Draft, inviteDraft, joinDraft, leaveDraft, messageDraft, renameDraft } from "../../src/log/draft.ts";
import { directKey } from "../../src/log/records.ts";
import type { RefusedLimits } from "../../src/log/refused.ts";
import { userRecord } from "../store/drafts.ts";

/** Small, so that each is reached. */
export const SMALL_LIMITS: RuleLimits & RefusedLimits = {
	roomsPerUserMax: 3,
	invitationsPerUserMax: 4,
	invitationsPerInviterMax: 2,
	seqMax: 6,
	refusedSendsMax: 5,
	refusedSendsMs: 10,
};

export function randomDraft(): fc.Arbitrary<Draft> {
	const one = <T>(...values: T[]) => fc.constantFrom(...values);
	const user = one(...["a", "b", "c", "d"].map((name) => ({ id: `u-${name}`, name })));
	const room = one("r1", "r2", "r3", "r4");
	const name = one("x", "y", "z", "v", "w", "q");
	const cid = one("", "", "c1", "c2", "c3", "c4");
	const nowMs = fc.nat(20);
	const behind = one("", "", "", "c1");
	const more = { cid, behind };
	const text = one("one", "two");
	const message = fc.record({ room, sender: user, ...more, text, atMs: nowMs }).map(messageDraft);
	const send = fc.record({ ...more, body: text.map((value) => ({ case: "message" as const, value: { text: value } })) });
	const refuse = fc
		.record({ sender: user, send, atMs: nowMs })
		.map((draft): Draft => ({ kind: "refuse", code: "no_such_user", ...draft }));
	const found = fc
		.record({ room, sender: user, name, roomKind: one(Room_Kind.PUBLIC, Room_Kind.PRIVATE), atMs: nowMs })
		.map((draft): Draft => ({ kind: "create", epoch: 7, skeleton: draft.name, ...draft }));
	// Ids are unique: those of two users have one.
	const direct = fc
		.record({ sender: user, peer: user, atMs: nowMs, send: fc.option(send, { nil: undefined }) })
		.map(({ send: said, ...draft }) => (said === undefined ? draft : { ...draft, send: said }))
		.map((draft): Draft => ({ kind: "direct", room: directKey(draft.sender.id, draft.peer.id), epoch: 7, ...draft }));
	const inDirect = fc.record({ message, user, peer: user }).map(({ message: draft, user: { id }, peer }): Draft => {
		return { ...draft, room: directKey(id, peer.id) } as Draft;
	});
	// Seldom, so that rooms fill.
	const seldom = <T>(value: fc.Arbitrary<T>) =>
		fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight: 1, arbitrary: value });
	const plain = { room, sender: user, cid: seldom(cid), behind: seldom(behind), atMs: nowMs };
	const join = fc.record(plain).map(joinDraft);
	const leave = fc.record(plain).map(leaveDraft);
	const rename = fc.record({ ...plain, name }).map((draft) => renameDraft({ ...draft, skeleton: draft.name }));
	const invite = fc.record({ ...plain, user }).map(inviteDraft);
	const expiresMs = fc.option(fc.nat(20), { nil: undefined });
	const userCreate = fc
		.record({ user: fc.oneof(user, one({ id: "u-e", name: "a" })), name, expiresMs, external: fc.option(name), nowMs })
		.map(({ user: { id }, name: skeleton, expiresMs: end, external, nowMs: at }): Draft => {
			const more = {
				kind: "guest",
				...(end === undefined ? {} : { expiresMs: end }),
				...(external ? { external } : {}),
			} as const;
			return { kind: "userCreate", nowMs: at, user: { ...userRecord({ id, name: skeleton }), ...more } };
		});
	const userChange = fc
		.record({ user, name: fc.option(name), expiresMs: fc.option(fc.nat(20)), nowMs })
		.map(({ user: { id }, name: skeleton, expiresMs: end, nowMs: at }): Draft => {
			const change = { expiresMs: end, ...(skeleton ? { name: skeleton, skeleton } : {}) };
			return { kind: "userChange", id, nowMs: at, change };
		});
	const tokenUse = fc
		.record({ family: one("f1", "f2", "f3", "f4"), number: fc.integer({ min: 1, max: 3 }), nowMs, dropBeforeMs: fc.nat(12) })
		.map((use): Draft => ({ kind: "tokenUse", user: "u-a", graceMs: 3, expiresMs: use.nowMs + 10, ...use }));
	return fc.oneof(
		{ weight: 8, arbitrary: message },
		{ weight: 8, arbitrary: inDirect },
		{ weight: 5, arbitrary: found },
		{ weight: 5, arbitrary: direct },
		{ weight: 1, arbitrary: refuse },
		{ weight: 5, arbitrary: join },
		{ weight: 3, arbitrary: leave },
		{ weight: 2, arbitrary: rename },
		{ weight: 8, arbitrary: invite },
		{ weight: 3, arbitrary: userCreate },
		{ weight: 2, arbitrary: userChange },
		{ weight: 2, arbitrary: tokenUse },
	);
}
