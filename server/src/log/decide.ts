// Decides a batch: what becomes of each draft, in order, each as if those before it were done. Pure: the same rows and drafts give the
// same rulings and changes, whatever store they come from and wherever it keeps them.
//
// A batch that is cut in two, the changes of the first part applied to the rows before the second is decided, gives the same as one.
// So a store may apply a part, and go on from there.
import { type ErrorCode, unreachable } from "@verbatim/protocol";
import type { Change } from "./change.ts";
import type { Draft } from "./draft.ts";
import type { InvitationLimits } from "./invitations.ts";
import { type Needs, needsOf } from "./needs.ts";
import { type RoomRecord, recordOf, type TokenFamily } from "./records.ts";
import { useToken } from "./refresh-tokens.ts";
import type { RefusedLimits } from "./refused.ts";
import { create, type Deciding, direct, entry, refuse } from "./rooms.ts";
import { Snapshot } from "./snapshot.ts";
import { changeUser, createUser, type Eviction } from "./users.ts";
import { NOT_LOADED, View } from "./view.ts";

export interface RuleLimits extends InvitationLimits, Pick<RefusedLimits, "refusedSendsMs"> {
	/** The newest seq a room can have. */
	readonly seqMax: number;
}

/** More of why a send is refused: its cid was refused for good before; or that of the one behind which it stands was. */
export type RefusalNote = "before" | "behind";

/** What was decided of a draft. The entries follow from draft and seq (entries.ts). */
export type Ruling =
	| { readonly ok: false; readonly code: ErrorCode; readonly note?: RefusalNote }
	| {
			readonly ok: true;
			/** The room afterwards. */
			readonly room?: RoomRecord | undefined;
			/** Where the draft's entry was written now. */
			readonly seq?: number;
			/** For a send whose cid had been committed before: where and when. */
			readonly first?: { readonly seq: number; readonly atMs: number };
			/** The sender's open invitation has ended, without an entry. */
			readonly declined?: true;
			/** The guest that has lost its name to this draft. */
			readonly eviction?: Eviction;
			readonly family?: TokenFamily;
	  };

export interface Decision {
	/** One for each draft. */
	readonly rulings: readonly Ruling[];
	/** To be applied in order, all of them. */
	readonly changes: readonly Change[];
	/** The words of an error, if drafts failed by our mistake. They fail alone: `internal`. */
	readonly error: string | undefined;
	readonly missing?: undefined;
}

/** `missing`: nothing is decided, these rows have to be loaded first. */
export function decide(snapshot: Snapshot, drafts: readonly Draft[], limits: RuleLimits): Decision | { readonly missing: Needs } {
	const view = new View(snapshot);
	const rulings: Ruling[] = [];
	const changes: Change[] = [];
	let error: string | undefined;
	const at = { view, limits, draft: 0, changes };
	for (const draft of drafts) {
		const before = changes.length;
		try {
			const ruling = rule(at, draft);
			for (let i = before; i < changes.length; i++) view.apply(changes[i] as Change);
			rulings.push(asItIsNow(ruling, view));
		} catch (cause) {
			changes.length = before;
			// A draft that cannot be decided yet is passed over: what else is missing is learnt in the same go.
			if (cause !== NOT_LOADED) error = cause instanceof Error ? cause.message : String(cause);
			rulings.push({ ok: false, code: "internal" });
		}
		at.draft++;
	}
	return view.missing === undefined ? { rulings, changes, error } : { missing: view.missing };
}

/** One or two are usual; more than these mean that what is named is not loaded: our mistake. */
const ROUNDS_MAX = 16;

/** Decides on rows that `load` puts into a snapshot at once; in so many rounds as it takes. */
export function decideOn(
	load: (needs: Needs, snapshot: Snapshot) => void,
	drafts: readonly Draft[],
	limits: RuleLimits,
	cids: "every" | "few",
): Decision {
	const snapshot = new Snapshot();
	let needs = needsOf(drafts, cids);
	for (let round = 0; round < ROUNDS_MAX; round++) {
		load(needs, snapshot);
		const decision = decide(snapshot, drafts, limits);
		if (decision.missing === undefined) return decision;
		needs = decision.missing;
	}
	throw new Error(`rows are missing after ${ROUNDS_MAX} rounds of loading`);
}

function rule(at: Deciding, draft: Draft): Ruling {
	switch (draft.kind) {
		case "entry":
			return entry(at, draft);
		case "create":
			return create(at, draft);
		case "direct":
			return direct(at, draft);
		case "refuse":
			return refuse(at, draft);
		case "userCreate":
			return createUser(at, draft);
		case "userChange":
			return changeUser(at, draft);
		case "tokenUse":
			return useToken(at, draft);
		default:
			return unreachable(draft);
	}
}

/** The room of a ruling is the view's own until the draft is done, and a copy from then on. */
function asItIsNow(ruling: Ruling, view: View): Ruling {
	if (!ruling.ok || ruling.room === undefined) return ruling;
	const { room } = ruling;
	(ruling as { room: RoomRecord }).room = recordOf(view.room(room.id) ?? room);
	return ruling;
}
