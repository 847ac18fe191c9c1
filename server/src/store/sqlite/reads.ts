// The event loop's end of the reader: asks, and starts another one when it has died. Pages come back packed and become entries.
import { type Entry, Refusal } from "@verbatim/protocol";
import { decodeBody } from "../../log/bodies.ts";
import { entry, messageBody } from "../../log/entries.ts";
import type { LogPage, PageBound } from "../store.ts";
import type { PackedEntry, PackedPage, PageArgs, ReaderCalls } from "./calls.ts";
import { readerChannel } from "./channel.ts";
import type { Range } from "./packing.ts";

/** Beyond every seq. */
const ALL = 0xffff_ffff;

export class Reads {
	private readonly path: string;
	private channel = readerChannel();
	private isClosed = false;

	constructor(path: string) {
		this.path = path;
	}

	/** The first opening, once the database is there. Rejects with `StoreOpenError`. */
	async open(): Promise<void> {
		await this.channel.call("open", this.path);
	}

	/** Rejects with `Refusal`. */
	async ask<K extends keyof ReaderCalls>(call: K, args: Parameters<ReaderCalls[K]>[0]): Promise<ReturnType<ReaderCalls[K]>> {
		if (this.isClosed) throw new Refusal("unavailable");
		try {
			if (!this.channel.isAlive) await this.restart();
			return await this.channel.call(call, args);
		} catch {
			throw new Refusal("unavailable");
		}
	}

	async page(room: string, bound: PageBound, limit: number, bytesMax: number): Promise<LogPage | undefined> {
		const answer = await this.ask("page", pageArgs(room, bound, limit, bytesMax));
		return answer ? unpackPage(room, answer) : undefined;
	}

	/** All entries of a range, however many pages they are. */
	async range([room, from, to]: Range): Promise<{ readonly epoch: number; readonly entries: readonly Entry[] }> {
		const entries: Entry[] = [];
		for (;;) {
			const after = from - 1 + entries.length;
			const page = await this.page(room, { after }, Math.max(1, to - after), Number.MAX_SAFE_INTEGER);
			if (!page || page.to < page.from) throw new Refusal("unavailable");
			entries.push(...page.entries);
			if (page.to >= to) return { epoch: page.epoch, entries };
		}
	}

	/** After this nothing is answered. */
	async close(): Promise<void> {
		if (this.isClosed) return;
		this.isClosed = true;
		await this.channel.call("close", undefined).catch(() => null);
		await this.channel.end();
	}

	private async restart(): Promise<void> {
		const channel = readerChannel();
		this.channel = channel;
		await channel.call("open", this.path);
	}
}

function pageArgs(room: string, bound: PageBound, limit: number, bytesMax: number): PageArgs {
	const most = Number.MAX_SAFE_INTEGER;
	const cut = { limit: Math.min(limit, ALL), bytesMax: Math.min(bytesMax, most) };
	if ("after" in bound) return { room, kind: "after", bound: bound.after, ...cut };
	if ("around" in bound) return { room, kind: "around", bound: bound.around, ...cut };
	if ("atMs" in bound) return { room, kind: "atMs", bound: bound.atMs, ...cut };
	return { room, kind: "upTo", bound: bound.before === 0 ? ALL : Math.min(bound.before - 1, ALL), ...cut };
}

function unpackPage(room: string, { entries, ...page }: PackedPage): LogPage {
	return { room, ...page, asOf: page.head, entries: entries.map(unpackEntry) };
}

function unpackEntry([seq, atMs, id, name, cid, text, body]: PackedEntry): Entry {
	const unpacked = text === null ? decodeBody(Buffer.from(body ?? "", "base64")) : messageBody(text);
	return entry(seq, atMs, { id, name }, cid, unpacked);
}
