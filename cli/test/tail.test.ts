// `verbatim tail` over a restore of the server, and output that cannot be written.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServerProcess } from "@verbatim/testkit";
import { verbatim } from "./run.ts";

const MAIN = join(import.meta.dir, "../src/main.ts");

/** Runs `verbatim tail #tea` until `stop`. */
function startTail(server: ServerProcess, ...flags: string[]) {
	const child = Bun.spawn([process.execPath, MAIN, "tail", "#tea", "--guest", "reader", "--server", server.webSocket, ...flags], {
		stdout: "pipe",
		stderr: "pipe",
	});
	let out = "";
	let arrived = Promise.withResolvers<void>();
	const ended = (async () => {
		const decoder = new TextDecoder();
		for await (const chunk of child.stdout) {
			out += decoder.decode(chunk, { stream: true });
			arrived.resolve();
			arrived = Promise.withResolvers();
		}
	})();
	const err = new Response(child.stderr).text();
	return {
		async until(words: string): Promise<void> {
			while (!out.includes(words)) await Promise.race([arrived.promise, ended.then(() => Promise.reject(new Error(out)))]);
		},
		async stop() {
			child.kill();
			await ended;
			return { code: await child.exited, out, err: await err };
		},
	};
}

const say = (server: ServerProcess, ...texts: string[]) =>
	verbatim(["send", "#tea", "--guest", "ci", "--server", server.webSocket], { input: `${texts.join("\n")}\n` });

function backUp(server: ServerProcess): string {
	const backup = join(server.data, "..", `${crypto.randomUUID()}.db`);
	const db = new Database(join(server.data, "verbatim.db"), { readonly: true });
	writeFileSync(backup, db.serialize());
	db.close();
	return backup;
}

async function restore(server: ServerProcess, backup: string): Promise<void> {
	await server.stop();
	expect((await verbatim(["restore", "--from", backup, "--data", server.data])).code).toBe(0);
	await server.start();
}

/** `epoch seq text` of each message. */
const messagesOf = (out: string) =>
	out
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as { epoch: number; seq: number; text?: string })
		.filter(({ text }) => text !== undefined);

test.each([
	["that began before the backup", "0"],
	["that began after all that the backup holds", "7"],
])(
	"a tail %s goes on where the restored log differs, and prints nothing twice",
	async (_what, after) => {
		const server = await ServerProcess.prepare();
		try {
			await server.start();
			await say(server, "kept 1", "kept 2");
			const joined = startTail(server, "--after", "0");
			await joined.until("kept 2");
			await joined.stop();
			const backup = backUp(server);
			await say(server, "lost 1", "lost 2", "lost 3", "lost 4");
			const tail = startTail(server, "--after", after, "--json");
			await tail.until("lost 4");
			await restore(server, backup);
			await say(server, "new 1", "new 2");
			await tail.until("new 2");
			const { code, out, err } = await tail.stop();
			expect(code).toBe(0);
			const messages = messagesOf(out);
			const shown = after === "0" ? ["kept 1", "kept 2", "lost 1", "lost 2", "lost 3", "lost 4"] : ["lost 4"];
			expect(messages.map(({ text }) => text)).toEqual([...shown, "new 1", "new 2"]);
			const of = (text: string) => messages.find((each) => each.text === text);
			expect(of("new 1")?.seq).toBeLessThan(of("lost 4")?.seq ?? 0);
			expect(of("new 1")?.epoch).not.toBe(of("lost 4")?.epoch);
			expect(err).toContain("restored from a backup");
			expect(err).toContain("no longer in #tea");
		} finally {
			await server.remove();
		}
	},
	60_000,
);

test("a tail that recognizes nothing in the restored log prints all of it", async () => {
	const server = await ServerProcess.prepare({ flags: ["--limits.sendsPerSecond=10000"] });
	try {
		await server.start();
		await say(server, "kept 1");
		const joined = startTail(server, "--after", "0");
		await joined.until("kept 1");
		await joined.stop();
		const backup = backUp(server);
		await say(server, ...Array.from({ length: 300 }, (_, n) => `lost ${n}`));
		const tail = startTail(server, "-n", "1", "--json");
		await tail.until("lost 299");
		await restore(server, backup);
		await say(server, "new 1");
		await tail.until("new 1");
		const { out, err } = await tail.stop();
		expect(messagesOf(out).map(({ text }) => text)).toEqual(["lost 299", "kept 1", "new 1"]);
		expect(err).toContain("from the beginning");
	} finally {
		await server.remove();
	}
}, 60_000);

const canFill = process.platform === "linux";

test.if(canFill)(
	"output that cannot be written is a line on the standard error output and exit code 74",
	async () => {
		const server = await ServerProcess.prepare();
		try {
			await server.start();
			const to = ["--server", server.webSocket];
			for (const words of [
				["send", "#tea", "hello", "--guest", "ci", ...to],
				["tail", "#tea", "--after", "0", "--guest", "reader", ...to],
				["user", "list", "--data", server.data],
				["config"],
				["--help"],
			]) {
				const child = Bun.spawn([process.execPath, MAIN, ...words], {
					stdin: "ignore",
					stdout: openSync("/dev/full", "w"),
					stderr: "pipe",
				});
				const [err, code] = [await new Response(child.stderr).text(), await child.exited];
				expect([words[0], code]).toEqual([words[0], 74]);
				expect(err).toMatch(/^verbatim: the output cannot be written: .*no space left/);
				expect(err.trim().split("\n")).toHaveLength(1);
			}
		} finally {
			await server.remove();
		}
	},
	60_000,
);

test("a reader of the output that has left is no failure", async () => {
	const command = ["sh", "-c", '"$0" "$@"; echo $? >&2', process.execPath, MAIN];
	const child = Bun.spawn([...command, "--help"], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
	await child.stdout.cancel();
	expect(await new Response(child.stderr).text()).toBe("0\n");
});
