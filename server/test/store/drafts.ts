// Drafts by short names, for tests of the store.
import { type ErrorCode, Room_Kind } from "@verbatim/protocol";
import { inviteDraft, joinDraft, leaveDraft, messageDraft, type ProposedEntry, renameDraft } from "../../src/log/draft.ts";
import type { Committed, Draft, MemberRecord, Outcome, Store, UserRecord, UserRef } from "../../src/store/store.ts";

export const ann: UserRef = { id: "u-ann", name: "ann" };
export const bob: UserRef = { id: "u-bob", name: "bob" };
export const cat: UserRef = { id: "u-cat", name: "cat" };

interface Said {
	readonly cid: string;
	readonly behind?: string;
	readonly text: string;
}

interface More {
	readonly cid?: string;
	readonly behind?: string;
}

let cids = 0;

export function say(room: string, sender: UserRef, text: string, more: More & { atMs?: number } = {}): Draft {
	const { cid = `c${++cids}`, behind, atMs = 1_000 } = more;
	return messageDraft({ room, sender, cid, text, atMs, ...behindOf(behind) });
}

export function create(room: string, sender: UserRef, roomKind: Room_Kind = Room_Kind.PUBLIC, name = room): Draft {
	return { kind: "create", room, epoch: 7, roomKind, name, skeleton: name.toLowerCase(), sender, atMs: 1_000 };
}

/** `send`: opened for this message. */
export function direct(room: string, sender: UserRef, peer: UserRef, send?: Said): Draft {
	return { kind: "direct", room, epoch: 7, sender, peer, ...(send ? { send: sendOf(send) } : {}), atMs: 1_000 };
}

/** A message that is refused before it is a draft. */
export function refuse(sender: UserRef, send: Said, code: ErrorCode = "no_such_user", atMs = 1_000): Draft {
	return { kind: "refuse", sender, send: sendOf(send), code, atMs };
}

export function join(room: string, sender: UserRef, more: More = {}): Draft {
	return joinDraft({ room, sender, atMs: 1_000, ...more });
}

export function leave(room: string, sender: UserRef, reason = "", more: More = {}): Draft {
	return leaveDraft({ room, sender, reason, atMs: 1_000, ...more });
}

export function invite(room: string, sender: UserRef, user: UserRef, more: More = {}): Draft {
	return inviteDraft({ room, sender, user, atMs: 1_000, ...more });
}

export function rename(room: string, sender: UserRef, name: string, more: More = {}): Draft {
	return renameDraft({ room, sender, name, skeleton: name.toLowerCase(), atMs: 1_000, ...more });
}

export function userRecord(ref: UserRef, more: Partial<UserRecord> = {}): UserRecord {
	const { id, name } = ref;
	return { id, name, kind: "registered", skeleton: name, createdMs: 1, generation: 1, disabled: false, ...more };
}

/** Appends and demands that it was accepted. */
export async function must(store: Store, draft: Draft): Promise<Extract<Outcome, { ok: true }>> {
	const outcome = await store.append(draft);
	if (!outcome.ok) throw new Error(`${draft.kind} was refused: ${outcome.code}`);
	return outcome;
}

/** The code of the refusal, or "ok". */
export async function codeOf(outcome: Promise<Outcome>): Promise<string> {
	const settled = await outcome;
	return settled.ok ? "ok" : settled.code;
}

/** Everything that a store tells its listeners, in order. */
export class Told {
	readonly committed: Committed[] = [];
	readonly batches: { readonly drafts: number; readonly error?: string }[] = [];

	constructor(store: Store) {
		store.listen({
			committed: (rooms) => this.committed.push(...rooms),
			batch: ({ drafts, error }) => this.batches.push({ drafts, ...(error === undefined ? {} : { error }) }),
			broken: () => {},
		});
	}

	seqs(room: string): number[] {
		return this.committed.filter((one) => one.room === room).flatMap(({ entries }) => entries.map(({ seq }) => seq));
	}
}

/** The whole log of a room, page by page: `seq sender body`, one line for each entry. */
export async function logOf(store: Store, room: string): Promise<string[]> {
	const lines: string[] = [];
	for (let after = 0; ; ) {
		const page = await store.page(room, { after }, 200, 1 << 20);
		if (!page || page.to < page.from) return lines;
		for (const { seq, sender, body } of page.entries) {
			lines.push(`${seq} ${sender?.name} ${body.case === "message" ? body.value.text : body.case}`);
		}
		after = page.to;
	}
}

/** Everybody with a standing in the room, page by page. */
export async function membersOf(store: Store, room: string, limit = 2): Promise<MemberRecord[]> {
	const members: MemberRecord[] = [];
	for (;;) {
		const page = await store.members(room, members.at(-1)?.user.id ?? "", limit);
		members.push(...(page?.members ?? []));
		if (page?.more !== true) return members;
	}
}

function behindOf(behind: string | undefined): { behind?: string } {
	return behind === undefined ? {} : { behind };
}

function sendOf({ cid, behind, text }: Said): ProposedEntry {
	return { cid, behind, body: { case: "message", value: { text } } };
}
