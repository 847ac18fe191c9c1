// Pages of logs. A log only grows at its head, and an entry never changes: pieces that were read one after the other fit together.
import type { Entry } from "@verbatim/protocol";
import { storedLongBytes, weightOf } from "../../base/stored-size.ts";
import { decodeBody } from "../../log/bodies.ts";
import { entry, messageBody } from "../../log/entries.ts";
import { textOf } from "../../log/texts.ts";
import { rangeAround } from "../around.ts";
import type { LogPage, PageBound } from "../store.ts";
import type { Connection, Statement } from "./connection.ts";
import { READS } from "./read-statements.ts";
import { text } from "./values.ts";

interface EntryRow {
	readonly epoch: number;
	readonly head: number;
	/** null: the page is empty. */
	readonly seq: number | null;
	readonly at_ms: number;
	readonly sender: string;
	readonly sender_name: string;
	readonly cid: string;
	readonly body: Buffer;
}

/** Beyond every seq, and more than any page has. */
const SEQ_BEYOND = 0xffff_ffff;

export async function readPage(
	connection: Connection,
	room: string,
	bound: PageBound,
	limit: number,
	bytesMax: number,
): Promise<LogPage | undefined> {
	const count = Math.max(1, Math.min(limit, SEQ_BEYOND));
	const bytes = Math.min(bytesMax, Number.MAX_SAFE_INTEGER);
	const read = (statement: Statement, seq: number, most: number, bytes: number) =>
		connection.ask<EntryRow>(statement, [text(room), seq, most, bytes]).then(({ rows }) => rows);
	const after = async (seq: number, most: number, bytes: number) =>
		pageAfter(room, await read(READS.after, seq, most, bytes), seq, bytes);
	const upTo = async (seq: number, most: number, bytes: number) =>
		pageUpTo(room, await read(READS.before, Math.min(seq, SEQ_BEYOND), most, bytes), seq, bytes);
	if ("after" in bound) return after(bound.after, count, bytes);
	if ("before" in bound) return upTo(bound.before === 0 ? SEQ_BEYOND : bound.before - 1, count, bytes);
	const place = "around" in bound ? await headOf(connection, room, bound.around) : await seqAt(connection, room, bound.atMs);
	if (place === undefined) return undefined;
	const { seq, head } = place;
	if (seq > head) return upTo(SEQ_BEYOND, count, bytes);
	const range = rangeAround(seq, head, count);
	const newer = await after(seq - 1, range.to + 1 - seq, bytes / 2);
	const older = seq > range.from ? await upTo(seq - 1, seq - range.from, bytes / 2) : undefined;
	if (newer === undefined || older === undefined) return newer;
	return { ...newer, from: older.from, entries: [...older.entries, ...newer.entries] };
}

async function headOf(connection: Connection, room: string, seq: number): Promise<{ seq: number; head: number } | undefined> {
	const { rows } = await connection.ask<{ head: number }>(READS.head, [text(room)]);
	return rows[0] && { seq, head: rows[0].head };
}

async function seqAt(connection: Connection, room: string, atMs: number): Promise<{ seq: number; head: number } | undefined> {
	return (await connection.ask<{ seq: number; head: number }>(READS.seqAt, [text(room), atMs])).rows[0];
}

function pageAfter(room: string, rows: readonly EntryRow[], seq: number, bytesMax: number): LogPage | undefined {
	const [facts] = rows;
	if (facts === undefined) return undefined;
	const entries = fitting(rows, bytesMax);
	return pageOf(room, facts, seq + 1, seq + entries.length, entries);
}

function pageUpTo(room: string, rows: readonly EntryRow[], seq: number, bytesMax: number): LogPage | undefined {
	const [facts] = rows;
	if (facts === undefined) return undefined;
	const to = Math.min(seq, facts.head);
	const entries = fitting(rows, bytesMax).reverse();
	return pageOf(room, facts, to + 1 - entries.length, to, entries);
}

function pageOf(room: string, { epoch, head }: EntryRow, from: number, to: number, entries: readonly Entry[]): LogPage {
	return { room, epoch, head, asOf: head, from, to, entries: [...entries] };
}

/** As many as fit into `bytesMax`, but one at least. */
function fitting(rows: readonly EntryRow[], bytesMax: number): Entry[] {
	const entries: Entry[] = [];
	let bytes = 0;
	for (const row of rows) {
		if (row.seq === null) break;
		const message = textOf(row.body);
		bytes += weightOf(message?.textBytes ?? storedLongBytes(row.body));
		if (entries.length > 0 && bytes > bytesMax) break;
		const body = message === undefined ? decodeBody(row.body) : messageBody(message.text);
		entries.push(entry(row.seq, row.at_ms, { id: row.sender, name: row.sender_name }, row.cid, body));
	}
	return entries;
}
