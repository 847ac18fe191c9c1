// The texts of a batch by their hashes: whether a repeat says the same as the first is told by the hash of what is stored, so that no
// texts are loaded under locks.
import { createHash } from "node:crypto";
import { type Draft, sendOf } from "../../log/draft.ts";
import { pair } from "../../log/snapshot.ts";
import { encodeText } from "../sqlite/texts.ts";

export class HashedTexts {
	private readonly drafts: readonly Draft[];
	private texts: Map<string, string[]> | undefined;

	constructor(drafts: readonly Draft[]) {
		this.drafts = drafts;
	}

	/** The text whose stored body has this hash, if the batch has it under this cid; else one that none of these is. */
	textOf(sender: string, cid: string, hash: string): string {
		this.texts ??= textsOf(this.drafts);
		const texts = this.texts.get(pair(sender, cid)) ?? [];
		const same = texts.find((text) => createHash("sha256").update(encodeText(text)).digest("hex") === hash);
		return same ?? `${texts.join("")}?`;
	}
}

function textsOf(drafts: readonly Draft[]): Map<string, string[]> {
	const texts = new Map<string, string[]>();
	for (const draft of drafts) {
		const send = sendOf(draft);
		if (typeof send?.text !== "string") continue;
		const key = pair(send.sender, send.cid);
		const known = texts.get(key);
		if (known === undefined) texts.set(key, [send.text]);
		else if (!known.includes(send.text)) known.push(send.text);
	}
	return texts;
}
