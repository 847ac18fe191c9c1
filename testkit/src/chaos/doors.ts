// The whole log of a room, read through every door: WebSocket and TCP with both codecs, the HTTP API, line mode. All must show the
// same.
import { jsonCodec } from "@verbatim/protocol";
import { RawPeer } from "../e2e/raw-peer.ts";
import { WAYS, type Way, WirePeer } from "../e2e/wire-peer.ts";
import type { EntryFacts } from "../history/events.ts";
import type { ServerProcess } from "../process/server-process.ts";
import { collectLog, type WholeLog } from "../whole-log.ts";

/** A member with a password. */
export interface Auditor {
	readonly user: string;
	readonly password: string;
}

/** As many as a page holds. */
const PAGE_ENTRIES = 200;

/** `room`: its name. Rejects with what differs. */
export async function readEveryDoor(server: ServerProcess, auditor: Auditor, room: string): Promise<WholeLog> {
	const logs: { readonly door: string; readonly log: WholeLog }[] = [];
	for (const way of WAYS) logs.push({ door: way, log: await byWire(server, way, auditor, room) });
	logs.push({ door: "the HTTP API", log: await byHttp(server, auditor, room) });
	const first = logs[0] as (typeof logs)[number];
	for (const { door, log } of logs.slice(1)) {
		const at = difference(first.log.entries, log.entries);
		if (at === undefined && log.room === first.log.room && log.epoch === first.log.epoch) continue;
		throw new Error(`${room} by ${door} is another than by ${first.door}, from entry ${at} on`);
	}
	await newestByLine(server, auditor, room, first.log);
	return first.log;
}

async function byWire(server: ServerProcess, way: Way, { user, password }: Auditor, room: string): Promise<WholeLog> {
	const peer = await WirePeer.open(server, way);
	try {
		const login = { case: "login" as const, value: { name: user, password } };
		const welcome = await peer.ask({ case: "hello", value: { credential: login, client: "auditor" } });
		if (welcome.case !== "welcome") throw new Error(`the auditor is not let in by ${way}: ${JSON.stringify(welcome)}`);
		return await collectLog(async (after) => {
			const value = { room: `#${room}`, after, first: after === 0, limit: PAGE_ENTRIES };
			const page = await peer.ask({ case: "history", value });
			if (page.case !== "page") throw new Error(`no page of ${room} by ${way}: ${JSON.stringify(page)}`);
			return page.value;
		});
	} finally {
		peer.close();
	}
}

async function byHttp(server: ServerProcess, { user, password }: Auditor, room: string): Promise<WholeLog> {
	const login = await api(`${server.http}/api/v1/login`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ name: user, password }),
	});
	const { access } = (login as { readonly tokens: { readonly access: string } }).tokens;
	return collectLog(async (after) => {
		const url = `${server.http}/api/v1/rooms/${encodeURIComponent(`#${room}`)}/entries?after=${after}&limit=${PAGE_ENTRIES}`;
		const page = await api(url, { headers: { authorization: `Bearer ${access}` } });
		const { body } = jsonCodec.decodeDown(JSON.stringify({ page }));
		if (body.case !== "page") throw new Error(`no page of ${room} by the HTTP API`);
		return body.value;
	});
}

/** Line mode looks back 200 entries, and shows the seq of messages only. */
async function newestByLine(server: ServerProcess, { user, password }: Auditor, room: string, log: WholeLog): Promise<void> {
	const peer = await RawPeer.open(server.tcpPort);
	try {
		peer.write(`/login ${user} ${password}\n/join ${room}\n`);
		await peer.line((line) => line.startsWith(`- you are in #${room},`));
		peer.takeAll();
		peer.write(`/history ${PAGE_ENTRIES}\n/rooms\n`);
		const shown: string[] = [];
		await peer.line((line) => {
			const [, seq, text] = new RegExp(`^#${room} (\\d+) <[^>]+> (.*)$`).exec(line) ?? [];
			if (seq !== undefined) shown.push(`${seq} ${text}`);
			return line.startsWith(`- #${room}, `);
		});
		const due = log.entries
			.slice(-PAGE_ENTRIES)
			.filter(({ what }) => what === "message")
			.map(({ seq, text }) => `${seq} ${text}`);
		if (shown.join("\n") !== due.join("\n")) throw new Error(`${room} by line mode ends otherwise than by other doors`);
	} finally {
		peer.close();
	}
}

async function api(url: string, init: RequestInit): Promise<unknown> {
	const answer = await fetch(url, init);
	const { code, message, data } = (await answer.json()) as { code: string; message: string; data: unknown };
	if (code !== "ok") throw new Error(`${url}: ${code} ${message}`);
	return data;
}

/** The place of the first entry that differs. */
function difference(a: readonly EntryFacts[], b: readonly EntryFacts[]): number | undefined {
	for (let i = 0; i < Math.max(a.length, b.length); i++) if (JSON.stringify(a[i]) !== JSON.stringify(b[i])) return i + 1;
	return undefined;
}
