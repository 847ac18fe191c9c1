// A real PostgreSQL for tests: Debian's programs, a cluster of its own in a temporary folder, an ephemeral port and a Unix socket. Syncs are
// real. It ends with the process that started it, however that ends.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./server-process.ts";

const DEBIAN = "/usr/lib/postgresql";
const START_DEADLINE_MS = 60_000;

export const POSTGRES_MISSING = "needs PostgreSQL; on Debian: apt-get install postgresql";

/** Folder of PostgreSQL's programs, the newest version of Debian's packages; undefined where there is none. */
export function findPostgres(): string | undefined {
	if (!existsSync(DEBIAN)) return undefined;
	const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
	return versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "postgres")));
}

export interface PostgresOptions {
	/** Beside and above those of `SETTINGS`. */
	readonly settings?: Readonly<Record<string, string>>;
}

/** What a server of ours expects, and sizes for a test. */
const SETTINGS: Readonly<Record<string, string>> = {
	fsync: "on",
	synchronous_commit: "on",
	tcp_user_timeout: "3s",
	max_connections: "100",
	shared_buffers: "32MB",
	max_wal_size: "256MB",
	listen_addresses: "'127.0.0.1'",
	// Line by line, so that a failed start says why.
	logging_collector: "off",
};

export class PostgresProcess {
	readonly port: number;
	/** Holds the cluster (`data`) and the socket. */
	readonly folder: string;
	/** Of the superuser `postgres`, who must show it on TCP. */
	readonly password = "only for tests";
	private readonly bin: string;
	private process: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
	private output = "";
	private databases = 0;

	private constructor(bin: string, folder: string, port: number) {
		this.bin = bin;
		this.folder = folder;
		this.port = port;
	}

	/** Makes a cluster and starts it. Throws where PostgreSQL is not installed. */
	static async start(options: PostgresOptions = {}): Promise<PostgresProcess> {
		const bin = findPostgres();
		if (bin === undefined) throw new Error(POSTGRES_MISSING);
		const folder = await mkdtemp(join(tmpdir(), "verbatim-pg-"));
		const owner = ownerOfClusters();
		if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
		const [port = 0] = freePorts(1);
		const postgres = new PostgresProcess(bin, folder, port);
		try {
			await postgres.initialize(options.settings ?? {});
			await postgres.restart();
			return postgres;
		} catch (error) {
			await postgres.remove();
			throw error;
		}
	}

	/** Starts it again after `stop`; resolves when it takes connections. */
	async restart(): Promise<void> {
		const deadline = performance.now() + START_DEADLINE_MS;
		for (;;) {
			const child = this.spawn([join(this.bin, "postgres"), "-D", join(this.folder, "data")]);
			this.process = child;
			while (child.exitCode === null && child.signalCode === null) {
				if (this.isReady(child.pid)) return;
				if (performance.now() > deadline) throw new Error(`PostgreSQL is not ready:\n${this.output}`);
				await Bun.sleep(10);
			}
			// After a kill its shared memory is held until the last of its processes has noticed.
			if (!/shared memory|lock file/.test(this.output) || performance.now() > deadline) {
				throw new Error(`PostgreSQL ended with ${child.exitCode ?? child.signalCode}:\n${this.output}`);
			}
			this.output = "";
			await Bun.sleep(50);
		}
	}

	/** Fast (SIGINT), at once (SIGQUIT) or as in a crash (SIGKILL, of all its processes). */
	async stop(signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGINT"): Promise<void> {
		const child = this.process;
		if (child === undefined) return;
		this.process = undefined;
		const backends = signal === "SIGKILL" ? childrenOf(child.pid) : [];
		child.kill(signal);
		for (const pid of backends) killed(pid);
		await child.exited;
	}

	/** Signals all its processes: SIGSTOP, SIGCONT. */
	signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
		const pid = this.process?.pid;
		if (pid === undefined) throw new Error("PostgreSQL does not run");
		for (const each of [pid, ...childrenOf(pid)]) process.kill(each, signal);
	}

	/** A new, empty database; its address. */
	async database(): Promise<string> {
		const name = `test${++this.databases}`;
		await this.sql(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
		return this.url(name);
	}

	url(database: string, port = this.port): string {
		return `postgres://postgres:${encodeURIComponent(this.password)}@127.0.0.1:${port}/${database}`;
	}

	/** Runs SQL as the superuser through the socket; what psql prints, unaligned. */
	async sql(sql: string, database = "postgres"): Promise<string> {
		const args = ["-h", this.folder, "-p", String(this.port), "-U", "postgres", "-d", database, "-XAtq", "-v", "ON_ERROR_STOP=1"];
		const child = this.spawn([join(this.bin, "psql"), ...args, "-c", sql]);
		const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		if ((await child.exited) !== 0) throw new Error(`psql: ${err}`);
		return out.trim();
	}

	/** Changes settings of the server as it runs. */
	async set(settings: Readonly<Record<string, string>>): Promise<void> {
		for (const [name, value] of Object.entries(settings)) await this.sql(`ALTER SYSTEM SET ${name} = '${value}'`);
		await this.sql("SELECT pg_reload_conf()");
	}

	/** Its log so far. */
	get printed(): string {
		return this.output;
	}

	/** Ends it and removes its folder. */
	async remove(): Promise<void> {
		await this.stop("SIGQUIT");
		await rm(this.folder, { recursive: true, force: true });
	}

	private async initialize(settings: Readonly<Record<string, string>>): Promise<void> {
		const data = join(this.folder, "data");
		const password = join(this.folder, "password");
		await writeFile(password, `${this.password}\n`);
		const args = ["-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${password}`];
		const child = this.spawn([join(this.bin, "initdb"), ...args, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
		const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		if ((await child.exited) !== 0) throw new Error(`initdb failed:\n${out}${err}`);
		const all = { ...SETTINGS, port: String(this.port), unix_socket_directories: `'${this.folder}'`, ...settings };
		const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
		await writeFile(join(data, "postgresql.auto.conf"), lines.join(""), { flag: "a" });
	}

	/** Runs a program as whoever may run PostgreSQL, which refuses root; it ends with this process. */
	private spawn(command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
		const owner = ownerOfClusters();
		const as = owner === undefined ? [] : [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
		const under = Bun.which("setpriv") === null ? [] : ["setpriv", "--pdeathsig=QUIT", ...as];
		const child = Bun.spawn([...under, ...command], {
			cwd: this.folder,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
			env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
		});
		if (command[0]?.endsWith("/postgres")) for (const stream of [child.stdout, child.stderr]) void this.drain(stream);
		return child;
	}

	private isReady(pid: number): boolean {
		try {
			// Process and state are its first and last line.
			const lines = readFileSync(join(this.folder, "data/postmaster.pid"), "utf8").split("\n");
			return lines[0] === String(pid) && lines.some((line) => line.trimEnd() === "ready");
		} catch {
			return false;
		}
	}

	private async drain(stream: ReadableStream<Uint8Array>): Promise<void> {
		const decoder = new TextDecoder();
		for await (const chunk of stream) this.output = (this.output + decoder.decode(chunk, { stream: true })).slice(-100_000);
	}
}

/** The user `postgres` for root, who may not run it; undefined: oneself. */
function ownerOfClusters(): { readonly uid: number; readonly gid: number } | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [];
	if (uid === undefined || gid === undefined) throw new Error(`there is no user postgres; ${POSTGRES_MISSING}`);
	return { uid: Number(uid), gid: Number(gid) };
}

function childrenOf(pid: number): number[] {
	const found = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
	return found === "" ? [] : found.split(" ").map(Number);
}

function killed(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It has ended with the first of them.
	}
}
