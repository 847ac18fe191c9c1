// Pages that are cut by bytes, for readers who are told to wait: each way in reads the whole log all the same, in order, once.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "@verbatim/client/node";
import { ROOMY } from "../../src/e2e/flags.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const MESSAGES = 60;
const TEXTS = Array.from({ length: MESSAGES }, (_, i) => `${i} ${"x".repeat(1_000)}`);
let server: ServerProcess;
let writer: ReturnType<typeof connect>;

beforeAll(async () => {
	const flags = [...ROOMY, "--limits.pageBytesMax=4KiB", "--limits.readBytesPerSecond=64KiB", "--limits.readBytesBurst=8KiB"];
	server = await ServerProcess.prepare({ flags });
	await server.start();
	writer = connect({ endpoints: server.tcp, credential: { guest: "writer" } });
	const room = await writer.join("#tea", { create: true });
	await Promise.all(TEXTS.map((text) => room.send(text).done));
});

afterAll(async () => {
	await writer.close();
	await server.remove();
});

async function refused(): Promise<number> {
	const text = await (await fetch(`${server.ops}/metrics`)).text();
	return Number(/^verbatim_errors_total\{code="rate_limited"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

test.each(["ws", "tcp"])(
	"the SDK over %s",
	async (door) => {
		const before = await refused();
		const client = connect({ endpoints: door === "ws" ? server.webSocket : server.tcp, credential: { guest: `reader-${door}` } });
		try {
			const room = await client.join("#tea", { history: 1 });
			const read: string[] = [];
			for await (const entry of room.entries({ after: 0 })) {
				if (entry.text !== undefined) read.push(entry.text);
				if (read.length === MESSAGES) break;
			}
			expect(read).toEqual(TEXTS);
		} finally {
			await client.close();
		}
		expect(await refused()).toBeGreaterThan(before);
	},
	30_000,
);

test("what is asked for beside a reading of the log by the same client is answered, if later", async () => {
	const before = await refused();
	const client = connect({ endpoints: server.tcp, credential: { guest: "busy-reader" } });
	const stop = new AbortController();
	try {
		const room = await client.join("#tea", { history: 1 });
		const read = async (): Promise<void> => {
			while (!stop.signal.aborted)
				for await (const { seq } of room.entries({ after: 0, signal: stop.signal })) if (seq >= MESSAGES) break;
		};
		const reading = [read(), read()];
		while ((await refused()) === before) await room.who();
		for (const name of ["#beside-1", "#beside-2", "#beside-3"]) {
			await client.join(name, { create: true });
			await room.who();
			await client.listRooms();
			await room.loadOlder(10);
		}
		stop.abort();
		await Promise.all(reading);
	} finally {
		stop.abort();
		await client.close();
	}
}, 60_000);

test("the HTTP API", async () => {
	const api = async (path: string, token = "", body?: object): Promise<Answer> => {
		const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
		for (;;) {
			const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
			const response = await fetch(`${server.http}/api/v1/${path}`, { headers, ...init });
			const answer = (await response.json()) as Answer;
			if (response.status !== 429) return answer;
			expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
			await Bun.sleep(answer.data.retryAfterMs ?? 0);
		}
	};
	const access = (await api("guest", "", { name: "script" })).data.tokens?.access ?? "";
	await api("rooms/%23tea/join", access, { history: 1 });
	const before = await refused();
	const read: string[] = [];
	for (let [to, head] = [0, 1]; to < head; ) {
		const { data } = await api(`rooms/%23tea/entries?after=${to}&limit=200`, access);
		for (const { message } of data.entries ?? []) if (message !== undefined) read.push(message.text);
		[to, head] = [data.to ?? 0, data.head ?? 0];
	}
	expect(read).toEqual(TEXTS);
	expect(await refused()).toBeGreaterThan(before);
}, 30_000);

interface Answer {
	readonly data: {
		readonly retryAfterMs?: number;
		readonly tokens?: { readonly access: string };
		readonly to?: number;
		readonly head?: number;
		readonly entries?: readonly { readonly message?: { readonly text: string } }[];
	};
}
