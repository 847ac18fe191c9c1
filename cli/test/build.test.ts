import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "@verbatim/testkit";
import { verbatim } from "./run.ts";

test("the executable runs alone: from an empty folder it serves the page, keeps a message through SIGKILL, and talks as a client", async () => {
	const folder = await mkdtemp(join(tmpdir(), "verbatim-build-"));
	const executable = join(folder, "verbatim");
	let stop = async (): Promise<void> => {};
	try {
		const build = Bun.spawn([process.execPath, join(import.meta.dir, "../build.ts"), executable], {
			stdout: "pipe",
			stderr: "pipe",
		});
		expect(await build.exited).toBe(0);
		const server = await ServerProcess.prepare({ command: [executable, "serve"], cwd: folder, data: join(folder, "data") });
		stop = () => server.remove();
		await server.start();
		const page = await fetch(server.http);
		const html = await page.text();
		expect(html).toContain("<title>Verbatim</title>");
		const script = /src="(\/[^"]+\.js)"/.exec(html)?.[1] ?? "no script";
		expect((await fetch(server.http + script)).status).toBe(200);
		const client = { command: [executable] };
		const send = ["send", "#tea", "kept", "--guest", "ann", "--server", server.tcp];
		expect(await verbatim(send, client)).toMatchObject({ code: 0, out: "#tea 2\n" });
		expect(await server.stop("SIGKILL")).toBe("SIGKILL");
		await server.start();
		expect(await verbatim(["send", "#tea", "again", "--guest", "bob", "--server", server.webSocket], client)).toMatchObject({
			code: 0,
		});
		expect(await server.stop()).toBe(0);
		const workers = await ServerProcess.prepare({
			command: [executable, "serve", "--workers=2"],
			cwd: folder,
			data: join(folder, "data"),
		});
		stop = () => workers.remove();
		await workers.start();
		expect(await verbatim(["send", "#tea", "by a worker", "--guest", "cat", "--server", workers.tcp], client)).toMatchObject({
			code: 0,
		});
		expect(await (await fetch(workers.http)).text()).toBe(html);
		expect(await workers.stop()).toBe(0);
	} finally {
		await stop();
		await rm(folder, { recursive: true, force: true });
	}
}, 60_000);
