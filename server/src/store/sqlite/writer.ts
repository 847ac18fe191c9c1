// The writer: the one connection that changes the database, on a thread of its own, so that no sync of the disk stops the event
// loop. A batch is one transaction, committed with synchronous = FULL: when `commit` returns, it is on the disk.
//
// A draft that fails by our mistake fails alone. If the rules do not know what to do with it, it is left out; if its rows cannot be
// written, the batch is rolled back and carried out again draft by draft, each in a savepoint. Trouble with the disk fails the batch as a whole. After any trouble but a full disk the handle is closed and
// nothing is acknowledged until `open` has succeeded again: after a failed fsync the kernel may mark pages clean that never
// reached the disk, so that a second fsync proves nothing. Opening again copies the whole log into the database, which writes
// these pages anew, syncs both and truncates the log (with what a failed commit may have left in it), and then commits a probe.
import type { Database, Statement } from "bun:sqlite";
import { nextEpoch } from "../../base/ids.ts";
import { decideOn, type Ruling } from "../../log/decide.ts";
import type { Draft } from "../store.ts";
import type { LastBatch, WriterCalls, WriterFault, WriterOptions } from "./calls.ts";
import { connectWriter, explained, refuseDamaged } from "./connect.ts";
import { messageOf, troubleOf } from "./errors.ts";
import { type PackedRulings, pack, type Range, rangesOf } from "./packing.ts";
import { SqliteTables } from "./tables.ts";

const PROBE_BYTES = 64 * 1024;
/** What a full disk must have free again: dozens of the longest messages. */
const ROOMY_BYTES = 512 * 1024;
/** Drafts that are decided before they are written: what is decided of them is held until then, and is decided again behind a repeat. */
const PART_DRAFTS = 256;

export class Writer {
	private opened: Opened | undefined;
	private fault: WriterFault | undefined;

	readonly calls: WriterCalls = {
		open: (options) => this.open(options),
		commit: ({ number, drafts }) => this.commit(number, drafts),
		putOnce: ({ key, value }) =>
			this.guarded(({ db }) => {
				db.query("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING").run(key, value);
				return db.query<{ value: string }, [string]>("SELECT value FROM meta WHERE key = ?").get(key)?.value ?? value;
			}),
		countRooms: () => this.guarded(({ db }) => db.query<{ n: number }, []>("SELECT count(*) AS n FROM rooms").get()?.n ?? 0),
		renewEpochs: (epochs) => this.guarded((opened) => renewEpochs(opened, epochs)),
		probe: (how) => this.guarded(({ db }) => (how === "roomy" ? roomyProbe(db) : probe(db))),
		inject: (fault) => this.guarded((opened) => this.inject(opened, fault)),
		close: () => this.close(),
	};

	private open({ path, limits, again }: WriterOptions & { readonly again: boolean }): LastBatch {
		this.drop();
		const db = connectWriter(path);
		try {
			if (!again) refuseDamaged(db, path);
			else {
				const { busy } = db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? { busy: 1 };
				if (busy !== 0) throw new Error("the log could not be copied into the database: somebody is reading");
				probe(db);
			}
			const row = explained(path, () =>
				db.query<{ number: number; ranges: string }, []>("SELECT number, ranges FROM last_batch").get(),
			);
			this.opened = { db, tables: new SqliteTables(db, limits), limits, sql: prepare(db) };
			return { number: row?.number ?? 0, ranges: JSON.parse(row?.ranges ?? "[]") as Range[] };
		} catch (cause) {
			db.close();
			throw cause;
		}
	}

	private commit(number: number, drafts: readonly Draft[]): PackedRulings & { readonly error?: string } {
		return this.guarded((opened) => {
			const errors: string[] = [];
			try {
				const rulings = this.transaction(opened, number, () => carryOut(opened, drafts, errors));
				return { ...pack(rulings), ...told(errors) };
			} catch (cause) {
				if (troubleOf(cause) !== "draft") throw cause;
				errors.push(messageOf(cause));
				const rulings = this.transaction(opened, number, () => drafts.map((draft) => carryOutAlone(opened, draft, errors)));
				return { ...pack(rulings), ...told(errors) };
			}
		});
	}

	private transaction(opened: Opened, number: number, body: () => readonly Ruling[]): readonly Ruling[] {
		const { db, tables, sql } = opened;
		tables.evict();
		sql.begin.run();
		try {
			const rulings = body();
			tables.flush();
			sql.lastBatch.run(number, JSON.stringify(rangesOf(rulings)));
			this.misbehave("before");
			sql.commit.run();
			this.misbehave("after");
			return rulings;
		} catch (cause) {
			tables.forget();
			if (db.inTransaction) sql.rollback.run();
			throw cause;
		}
	}

	/** Runs `task` on the open database; trouble that breaks the handle closes it. */
	private guarded<T>(task: (opened: Opened) => T): T {
		if (!this.opened) throw new Error("the database is not open");
		try {
			return task(this.opened);
		} catch (cause) {
			if (troubleOf(cause) === "broken") this.drop();
			throw cause;
		}
	}

	/** Closes the handle as it is. */
	private drop(): void {
		const { opened } = this;
		this.opened = undefined;
		if (!opened) return;
		try {
			// A statement left behind would keep the handle, and with it the log, open.
			opened.tables.finalize();
			for (const statement of Object.values(opened.sql)) statement.finalize();
			opened.db.close();
		} catch {
			// It is given up in any case; what matters is what `open` finds.
		}
	}

	private close(): null {
		if (this.opened) this.guarded(({ db }) => db.query("PRAGMA wal_checkpoint(TRUNCATE)").get());
		this.drop();
		return null;
	}

	private inject({ db }: Opened, fault: WriterFault): null {
		if (fault.kind !== "pagesMore") {
			this.fault = fault;
			return null;
		}
		const { page_count: pages } = db.query<{ page_count: number }, []>("PRAGMA page_count").get() ?? { page_count: 0 };
		db.exec(`PRAGMA max_page_count = ${fault.pages === null ? 0x7fff_ffff : pages + fault.pages}`);
		return null;
	}

	private misbehave(when: "before" | "after"): void {
		const { fault } = this;
		if (fault?.kind === "pagesMore" || fault?.when !== when) return;
		this.fault = undefined;
		if (fault.kind === "death") process.exit(1);
		throw Object.assign(new Error("disk I/O error (on demand)"), { code: "SQLITE_IOERR_FSYNC" });
	}
}

interface Opened {
	readonly db: Database;
	readonly tables: SqliteTables;
	readonly limits: WriterOptions["limits"];
	readonly sql: ReturnType<typeof prepare>;
}

function prepare(db: Database) {
	const run = (sql: string): Statement<never, (string | number)[]> => db.prepare<never, (string | number)[]>(sql);
	return {
		begin: run("BEGIN IMMEDIATE"),
		commit: run("COMMIT"),
		rollback: run("ROLLBACK"),
		save: run("SAVEPOINT draft"),
		keep: run("RELEASE draft"),
		undo: run("ROLLBACK TO draft"),
		lastBatch: run("UPDATE last_batch SET number = ?, ranges = ?"),
	};
}

/** Part by part. Words of errors by our mistake, which fail single drafts, are added to `errors`. */
function carryOut(opened: Opened, drafts: readonly Draft[], errors: string[]): readonly Ruling[] {
	if (drafts.length <= PART_DRAFTS) return carryOutPart(opened, drafts, errors);
	const rulings: Ruling[] = [];
	for (let from = 0; from < drafts.length; from += PART_DRAFTS) {
		for (const ruling of carryOutPart(opened, drafts.slice(from, from + PART_DRAFTS), errors)) rulings.push(ruling);
	}
	return rulings;
}

/** Load, decide, apply. */
function carryOutPart({ tables, limits }: Opened, drafts: readonly Draft[], errors: string[]): readonly Ruling[] {
	const load: Parameters<typeof decideOn>[0] = (needs, snapshot) => tables.load(needs, snapshot);
	const first = decideOn(load, drafts, limits, "few");
	if (first.error !== undefined) errors.push(first.error);
	const conflict = tables.apply(first.changes);
	if (conflict === undefined) return first.rulings;
	// What came before the repeat is done. Whoever repeats one send repeats more of them: of the rest all cids are looked up.
	const rest = decideOn(load, drafts.slice(conflict.draft), limits, "every");
	if (rest.error !== undefined) errors.push(rest.error);
	if (tables.apply(rest.changes) !== undefined) throw new Error("a cid that was looked up is used all the same");
	return [...first.rulings.slice(0, conflict.draft), ...rest.rulings];
}

function carryOutAlone(opened: Opened, draft: Draft, errors: string[]): Ruling {
	const { tables, sql } = opened;
	sql.save.run();
	try {
		const [ruling = INTERNAL] = carryOut(opened, [draft], errors);
		// Written now, because what is rolled back later is forgotten as a whole.
		tables.flush();
		sql.keep.run();
		return ruling;
	} catch (cause) {
		if (troubleOf(cause) !== "draft") throw cause;
		tables.forget();
		sql.undo.run();
		sql.keep.run();
		return INTERNAL;
	}
}

const INTERNAL: Ruling = { ok: false, code: "internal" };

function told(errors: readonly string[]): { readonly error?: string } {
	return errors[0] === undefined ? {} : { error: `a draft failed by our mistake: ${errors[0]}` };
}

function renewEpochs({ db, tables }: Opened, epochs: readonly number[]): null {
	db.transaction(() => {
		const rooms = db
			.query<{ no: number; epoch: number }, [number]>("SELECT no, epoch FROM rooms ORDER BY no LIMIT ?")
			.all(epochs.length);
		for (const [i, { no, epoch }] of rooms.entries()) {
			db.query("UPDATE rooms SET epoch = ? WHERE no = ?").run(nextEpoch(epoch, epochs[i] ?? epoch), no);
		}
	}).immediate();
	tables.forget();
	return null;
}

/** Takes as much space as a few messages, gives it back, and commits that. */
function probe(db: Database): null {
	db.transaction(() => {
		db.query("INSERT OR REPLACE INTO meta VALUES ('probe', ?)").run("0".repeat(PROBE_BYTES));
		db.query("DELETE FROM meta WHERE key = 'probe'").run();
	}).immediate();
	return null;
}

/**
 * Commits what takes space, then that it is given back. In one transaction SQLite would not write pages that are free at its end: a disk on
 * which no message has room passed that.
 */
function roomyProbe(db: Database): null {
	db.query("INSERT OR REPLACE INTO meta VALUES ('probe', ?)").run("0".repeat(ROOMY_BYTES));
	db.query("DELETE FROM meta WHERE key = 'probe'").run();
	return null;
}
