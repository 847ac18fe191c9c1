// The whole of it as a person has it: a real server, real terminals.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@verbatim/client";
import { ServerProcess } from "@verbatim/testkit";
import { Tmux, tmuxIsThere } from "./support/tmux.ts";

const PATIENCE_MS = 90_000;

if (!tmuxIsThere) {
	process.stderr.write("SKIPPED: the terminal client in a real terminal. tmux is not installed: apt-get install tmux\n");
}

describe.skipIf(!tmuxIsThere)("the terminal client in a real terminal", () => {
	const tmux = new Tmux();
	let server: ServerProcess;
	let folder: string;
	const state = (name: string) => join(folder, name);

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "verbatim-terminal-"));
		server = await ServerProcess.prepare();
		await server.start();
	}, PATIENCE_MS);

	afterAll(async () => {
		tmux.end();
		await server.remove();
		await rm(folder, { recursive: true, force: true });
	}, PATIENCE_MS);

	test(
		"asks for a name, makes a room, shows what others say, and comes back as the same guest into the same room",
		async () => {
			const ann = tmux.chat("ann1", state("ann1"), ["--server", server.webSocket]);
			await ann.shows("your name:");
			ann.say("ann1");
			await ann.shows("ann1 ● live");
			ann.say("/join tea1");
			await ann.shows("* ann1 made the room #tea1");
			const bob = tmux.chat("bob1", state("bob1"), ["--server", server.webSocket, "--guest", "bob1", "#tea1"]);
			await bob.shows("* bob1 joined");
			await ann.shows("* bob1 joined");
			bob.say("good morning 日本語 👩‍👩‍👧!");
			await ann.shows("<bob1> good morning 日本語");
			ann.press("C-c");
			expect(await ann.ended()).toBe(0);

			bob.say("are you gone?");
			await bob.shows("<bob1> are you gone?");
			const again = tmux.chat("ann1b", state("ann1"), ["--server", server.webSocket]);
			await again.shows("<bob1> are you gone?");
			const screen = await again.shows("ann1 ● live");
			expect(screen).toContain("#tea1");
			expect(screen).not.toContain("your name:");
			again.press("C-c");
			bob.press("C-c");
			await Promise.all([again.ended(), bob.ended()]);
		},
		PATIENCE_MS,
	);

	test(
		"what is said fast, while the server is killed and comes back, arrives once and in order",
		async () => {
			const ann = tmux.chat("ann2", state("ann2"), ["--server", server.webSocket, "--guest", "ann2", "#tea2"]);
			await ann.shows("* ann2 made the room #tea2");
			const bob = tmux.chat("bob2", state("bob2"), ["--server", server.webSocket, "--guest", "bob2", "#tea2"]);
			await bob.shows("* bob2 joined");
			const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}`);
			for (const line of lines(1, 3)) ann.say(line);
			await bob.shows("line 3");
			await server.stop("SIGKILL");
			for (const line of lines(4, 6)) ann.say(line);
			await ann.shows(/line 6 …/);
			await ann.shows("3 unsent");
			await server.start();
			ann.say("/reconnect");
			for (const line of lines(7, 8)) ann.say(line);
			bob.say("/reconnect");
			for (const pane of [ann, bob]) {
				const screen = await pane.until((text) => text.includes("<ann2> line 8") && !text.includes("…"), "line 8");
				expect([...(screen.match(/line \d/g) ?? [])]).toEqual(lines(1, 8));
				pane.press("C-c");
				expect(await pane.ended()).toBe(0);
			}
		},
		PATIENCE_MS,
	);

	test(
		"what waits when the terminal is killed is sent by the next one, once",
		async () => {
			const args = ["--server", server.webSocket, "--guest", "ann3", "#tea3"];
			const ann = tmux.chat("ann3", state("ann3"), args);
			await ann.shows("* ann3 made the room #tea3");
			await server.stop("SIGKILL");
			ann.say("said into the dark");
			await ann.shows(/said into the dark …/);
			process.kill(Number(ann.value("pane_pid")), "SIGKILL");
			await ann.until(() => ann.value("pane_dead") === "1", "the end");
			await server.start();
			const again = tmux.chat("ann3b", state("ann3"), args);
			const screen = await again.until((text) => /<ann3> said into the dark\n/.test(text.replace(/ +\n/g, "\n")), "the line");
			expect(screen.match(/said into the dark/g)).toHaveLength(1);
			again.press("C-c");
			await again.ended();
		},
		PATIENCE_MS,
	);

	test(
		"a paste of several lines is one message; hostile text and names steer nothing; a small window still works",
		async () => {
			const ann = tmux.chat("ann4", state("ann4"), ["--server", server.webSocket, "--guest", "ann4", "#tea4"]);
			await ann.shows("* ann4 made the room #tea4");
			ann.paste("first of one\nsecond of one\n");
			await ann.shows("> first of one");
			expect(ann.screen()).not.toContain("<ann4> first");
			ann.press("Enter");
			const pasted = await ann.until((text) => text.includes("<ann4> first of one") && !text.includes("…"), "the paste");
			expect(pasted).toMatch(/<ann4> first of one\s*\n[ │]+second of one/);

			const title = ann.value("pane_title");
			const eve = connect({ endpoints: server.webSocket, credential: { guest: "eve4" } });
			const room = await eve.join("#tea4");
			await room.send("\x1b]0;owned\x07\x1b[2J\x1b[H\x1b[31mred\u202e\x9b5A done").done;
			const screen = await ann.shows("␛]0;owned␇␛[2J␛[H␛[31mred<U+202E><U+009B>5A done");
			expect(screen).toContain("<ann4> first of one");
			expect(ann.value("pane_title")).toBe(title);
			await eve.close();

			ann.resize(44, 10);
			ann.say("small");
			await ann.until((text) => text.includes("<ann4> small\n") && !text.includes("│"), "the small screen");
			ann.resize(80, 24);
			await ann.shows("› #tea4");
			ann.press("C-c");
			expect(await ann.ended()).toBe(0);
			expect((await stat(join(state("ann4"), "verbatim"))).mode & 0o077).toBe(0);
		},
		PATIENCE_MS,
	);
});

test("without a terminal: says so, names what to use instead, and exits with 64", async () => {
	const chat = Bun.spawn([process.execPath, "cli/src/main.ts", "chat"], {
		cwd: join(import.meta.dir, "../.."),
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
	const words = await new Response(chat.stderr).text();
	expect(await chat.exited).toBe(64);
	expect(words).toContain("verbatim tail");
	expect(words).toContain("verbatim send");
});
