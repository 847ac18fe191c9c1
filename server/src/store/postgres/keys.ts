// What a draft concerns, as keys: drafts of one key are carried out in the order of the calls, hence by one lane at a time.
import type { Draft } from "../../log/draft.ts";
import { directKey } from "../../log/records.ts";

/** Rooms, users, names and families of tokens. None, for a draft that is broken by our mistake: it fails wherever it is. */
export function keysOf(draft: Draft): readonly string[] {
	try {
		return named(draft);
	} catch {
		return [];
	}
}

// Ids of rooms, users and families differ by their first letter; names and keys of conversations need one.
function named(draft: Draft): readonly string[] {
	switch (draft.kind) {
		case "entry":
			return [
				draft.room,
				draft.sender.id,
				...(draft.body.case === "invited" ? [draft.body.value.user.id] : []),
				...(draft.skeleton === undefined ? [] : [`#${draft.skeleton}`]),
			];
		case "create":
			return [draft.room, draft.sender.id, `#${draft.skeleton}`];
		case "direct":
			return [draft.sender.id, draft.peer.id, directKey(draft.sender.id, draft.peer.id)];
		case "refuse":
			return [draft.sender.id];
		case "userCreate":
			return [
				draft.user.id,
				`@${draft.user.skeleton}`,
				...(draft.user.external === undefined ? [] : [`=${draft.user.external}`]),
			];
		case "userChange":
			return [draft.id, ...(draft.change.skeleton === undefined ? [] : [`@${draft.change.skeleton}`])];
		case "tokenUse":
			return [draft.family, draft.user];
		default:
			return [];
	}
}
