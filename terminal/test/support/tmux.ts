// The terminal client in a real terminal: `tmux` draws it, types for us, and tells what is on the screen. Waiting is always for
// a condition, with a deadline that only a failure reaches.
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../../..");
const DEADLINE_MS = 30_000;
const LOOK_MS = 25;

export const tmuxIsThere = Bun.which("tmux") !== null;

export class Tmux {
	private readonly socket = `verbatim-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;

	/** Starts `verbatim chat` with `args`; `state` is its folder of its own. */
	chat(
		name: string,
		state: string,
		args: readonly string[],
		size: { columns: number; rows: number } = { columns: 80, rows: 24 },
	): Pane {
		const command = [process.execPath, "cli/src/main.ts", "chat", ...args].map(quoted).join(" ");
		// The pane stays when its program has ended, to be looked at. A server that builds may have CI set; a person has not.
		this.run(
			...["-f", "/dev/null", "new-session", "-d", "-s", name, "-x", String(size.columns), "-y", String(size.rows), "-c", ROOT],
			...["-e", `XDG_STATE_HOME=${state}`, "-e", "TERM=screen-256color", `unset CI; exec ${command}`],
			...[";", "set-option", "-t", name, "remain-on-exit", "on"],
		);
		return new Pane(name, (...command) => this.run(...command));
	}

	/** Ends everything that was started here. */
	end(): void {
		Bun.spawnSync(["tmux", "-L", this.socket, "kill-server"], { stdout: "ignore", stderr: "ignore" });
	}

	private run(...args: string[]): string {
		const { exitCode, stdout, stderr } = Bun.spawnSync(["tmux", "-u", "-L", this.socket, ...args], { timeout: 10_000 });
		if (exitCode !== 0) throw new Error(`tmux ${args[0]}: ${stderr.toString() || `exit ${exitCode}`}`);
		return stdout.toString();
	}
}

export class Pane {
	private readonly name: string;
	private readonly run: (...args: string[]) => string;

	constructor(name: string, run: (...args: string[]) => string) {
		this.name = name;
		this.run = run;
	}

	/** Types `text` as it is. */
	type(text: string): void {
		this.run("send-keys", "-t", this.name, "-l", text);
	}

	/** Presses keys by tmux's names: `Enter`, `C-c`, `PageUp`. */
	press(...keys: string[]): void {
		this.run("send-keys", "-t", this.name, ...keys);
	}

	/** Types a line and presses Enter. */
	say(line: string): void {
		this.type(line);
		this.press("Enter");
	}

	/** Pastes as a terminal does: bracketed. */
	paste(text: string): void {
		this.run("set-buffer", text, ";", "paste-buffer", "-p", "-t", this.name);
	}

	resize(columns: number, rows: number): void {
		this.run("resize-window", "-t", this.name, "-x", String(columns), "-y", String(rows));
	}

	/** What is on the screen, with codes if asked. */
	screen(codes = false): string {
		return this.run("capture-pane", "-p", ...(codes ? ["-e"] : []), "-t", this.name);
	}

	/** A value of tmux's: `pane_pid`, `pane_dead_status`, `pane_title`. */
	value(format: string): string {
		return this.run("display-message", "-p", "-t", this.name, `#{${format}}`).trim();
	}

	/** Resolves with the screen once it holds `wanted`. */
	async shows(wanted: string | RegExp): Promise<string> {
		return this.until((screen) => (typeof wanted === "string" ? screen.includes(wanted) : wanted.test(screen)), String(wanted));
	}

	async until(holds: (screen: string) => boolean, what: string): Promise<string> {
		const deadline = performance.now() + DEADLINE_MS;
		for (;;) {
			const screen = this.screen();
			if (holds(screen)) return screen;
			if (performance.now() > deadline) throw new Error(`waited for ${what}; this is on the screen:\n${screen}`);
			await Bun.sleep(LOOK_MS);
		}
	}

	/** Resolves with the exit code once the program has ended. */
	async ended(): Promise<number> {
		await this.until(() => this.value("pane_dead") === "1", "the end");
		return Number(this.value("pane_dead_status"));
	}
}

function quoted(word: string): string {
	return `'${word.replaceAll("'", `'\\''`)}'`;
}
