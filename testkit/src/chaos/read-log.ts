// Reads the whole log of a room by every transport and codec, the HTTP API and line mode, and compares them: all must show the same.
import { jsonCodec } from "@verbatim/protocol";
import { RawPeer } from "../e2e/raw-peer.ts";
import { WAYS, type Way, WirePeer } from "../e2e/wire-peer.ts";
import type { EntryFacts } from "../history/events.ts";
import type { ServerProcess } from "../process/server-process.ts";
import { collectLog, type WholeLog } from "../whole-log.ts";

/** A member with a password. */
export interface Account {
	readonly user: string;
	readonly password: string;
}

/** The largest page. */
const PAGE_ENTRIES = 200;

/** `room`: its name. Rejects with what differs. */
export async function readLogEveryWay(server: ServerProcess, credentials: Account, room: string): Promise<WholeLog> {
	const logs: { readonly transport: string; readonly log: WholeLog }[] = [];
	for (const way of WAYS) logs.push({ transport: way, log: await readByWire(server, way, credentials, room) });
	logs.push({ transport: "the HTTP API", log: await readByHttp(server, credentials, room) });
	const first = logs[0] as (typeof logs)[number];
	for (const { transport, log } of logs.slice(1)) {
		const at = difference(first.log.entries, log.entries);
		if (at === undefined && log.room === first.log.room && log.epoch === first.log.epoch) continue;
		throw new Error(`${room} by ${transport} is another than by ${first.transport}, from entry ${at} on`);
	}
	await compareNewestByLine(server, credentials, room, first.log);
	return first.log;
}

async function readByWire(server: ServerProcess, way: Way, { user, password }: Account, room: string): Promise<WholeLog> {
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

async function readByHttp(server: ServerProcess, { user, password }: Account, room: string): Promise<WholeLog> {
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

/** Compares the newest 200 entries, which is what line mode shows; it shows the seq of messages only. */
async function compareNewestByLine(
	server: ServerProcess,
	{ user, password }: Account,
	room: string,
	log: WholeLog,
): Promise<void> {
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
		const expected = log.entries
			.slice(-PAGE_ENTRIES)
			.filter(({ what }) => what === "message")
			.map(({ seq, text }) => `${seq} ${text}`);
		if (shown.join("\n") !== expected.join("\n")) throw new Error(`${room} by line mode ends otherwise than by other ways`);
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

/** The seq of the first entry that differs. */
function difference(a: readonly EntryFacts[], b: readonly EntryFacts[]): number | undefined {
	for (let i = 0; i < Math.max(a.length, b.length); i++) if (JSON.stringify(a[i]) !== JSON.stringify(b[i])) return i + 1;
	return undefined;
}
