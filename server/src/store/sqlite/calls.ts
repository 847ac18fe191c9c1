// What the event loop asks of the two workers, and how questions and answers travel. Both are JSON in one string: Bun hands a
// string to another thread as it is, while cloning objects costs more than writing and reading them.
import type { RuleLimits } from "../../log/decide.ts";
import type { RefusedLimits } from "../../log/refused.ts";
import type { Draft, MemberPage, RoomHead, RoomRecord, RoomView, TokenFamily, UserMark, UserRecord } from "../store.ts";
import type { StoreOpenCode, WriteTrouble } from "./errors.ts";
import type { PackedRulings, Range } from "./packing.ts";

export interface WriterOptions {
	readonly path: string;
	readonly limits: RuleLimits & RefusedLimits;
}

/** The newest batch that is in the database. */
export interface LastBatch {
	readonly number: number;
	readonly ranges: readonly Range[];
}

/** The writer's part: everything that changes the database. */
export interface WriterCalls {
	/** Opens the database. After trouble (`again`) it also proves that a commit works before it answers. */
	open(args: WriterOptions & { readonly again: boolean }): LastBatch;
	commit(args: { readonly number: number; readonly drafts: readonly Draft[] }): PackedRulings & { readonly error?: string };
	putOnce(args: { readonly key: string; readonly value: string }): string;
	/** Epochs to propose in `renewEpochs`. */
	countRooms(): number;
	renewEpochs(epochs: readonly number[]): null;
	/** Commits something that leaves nothing. `roomy`: it takes the space of a batch on the disk first. */
	probe(how: "small" | "roomy"): null;
	inject(fault: WriterFault): null;
	/** Copies the log into the database and closes it. */
	close(): null;
}

/** The reader's part. */
export interface ReaderCalls {
	open(path: string): null;
	page(args: PageArgs): PackedPage | null;
	room(args: { readonly id: string; readonly userId: string }): RoomView | null;
	roomBySkeleton(skeleton: string): RoomRecord | null;
	directRoom(key: string): RoomRecord | null;
	roomsOf(userId: string): readonly RoomView[];
	publicRooms(args: { readonly userId: string; readonly afterName: string; readonly limit: number }): readonly RoomView[];
	heads(rooms: readonly string[]): readonly RoomHead[];
	userMarks(users: readonly string[]): readonly UserMark[];
	members(args: { readonly room: string; readonly afterId: string; readonly limit: number }): MemberPage | null;
	user(id: string): UserRecord | null;
	userWithFamily(args: { readonly id: string; readonly family: string }): {
		readonly user: UserRecord;
		readonly family?: TokenFamily;
	} | null;
	userBySkeleton(skeleton: string): UserRecord | null;
	userByExternal(external: string): UserRecord | null;
	users(args: { readonly afterId: string; readonly limit: number }): readonly UserRecord[];
	guests(args: { readonly which: "expired" | "live"; readonly nowMs: number; readonly limit: number }): readonly UserRecord[];
	/** Ends the thread without a word. For tests. */
	die(): null;
	close(): null;
}

export interface PageArgs {
	readonly room: string;
	/** What `bound` is: a seq that the page comes after (exclusive), goes up to (inclusive) or stands around, or such a time. */
	readonly kind: "after" | "upTo" | "around" | "atMs";
	readonly bound: number;
	readonly limit: number;
	readonly bytesMax: number;
}

export interface PackedPage {
	readonly epoch: number;
	readonly head: number;
	readonly from: number;
	readonly to: number;
	readonly entries: readonly PackedEntry[];
}

/** An entry; `text` is that of a message, `body` (base64) the stored bytes of every other kind. */
export type PackedEntry = readonly [
	seq: number,
	atMs: number,
	senderId: string,
	senderName: string,
	cid: string,
	text: string | null,
	body?: string,
];

/** Trouble on demand, for tests. */
export type WriterFault =
	/** The database may not grow beyond so many pages more than it has: a disk that is full. null: as much as it likes. */
	| { readonly kind: "pagesMore"; readonly pages: number | null }
	/** The next commit fails as a failed sync does, before it reached the disk or after. */
	| { readonly kind: "failedSync"; readonly when: "before" | "after" }
	/** The writer dies at the next commit, before or after it. */
	| { readonly kind: "death"; readonly when: "before" | "after" };

export interface Question {
	readonly id: number;
	readonly call: string;
	readonly args: unknown;
}

export type Answer =
	| { readonly id: number; readonly value: unknown }
	| {
			readonly id: number;
			readonly error: { readonly message: string; readonly trouble: WriteTrouble; readonly openCode?: StoreOpenCode };
	  };
