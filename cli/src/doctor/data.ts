// Checks of the data folder: permissions, free space, sync latency, integrity of the database.
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Config, inspectDatabase, isFolderInUse } from "@verbatim/server";
import { bad, bytesWords, type Finding, note, ok, warn, wordsOf } from "./finding.ts";

const MiB = 1024 * 1024;
const FREE_LOW = 1024 * MiB;
const FREE_GONE = 64 * MiB;
/** A commit waits for one sync; slower than this is noticeable. */
const SYNC_SLOW_MS = 50;
const SYNCS = 11;

/** File systems (statfs magic numbers) on which SQLite's write-ahead log or file locks are unreliable. */
const NETWORK: ReadonlyMap<number, string> = new Map([
	[0x6969, "NFS"],
	[0xff534d42, "CIFS"],
	[0xfe534d42, "SMB2"],
	[0x65735546, "FUSE"],
	[0x01021997, "9P"],
	[0x5346414f, "AFS"],
]);
const MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

const RESTORE = "stop the server, then put a backup in place: verbatim restore --from FILE";

export function checkData({ data, store }: Config): readonly Finding[] {
	if (store === "memory") return [note("data", "kept in memory: forgotten at the end")];
	if (store === "postgres") return [];
	const path = resolve(data);
	if (!existsSync(path)) return [ok("data", `${path} is not there yet; the server makes it`), ...checkDisk(nearestFolder(path))];
	return [...checkRights(path), ...checkDisk(path), ...checkDatabase(path)];
}

function checkRights(path: string): readonly Finding[] {
	const mode = modeOf(path);
	const readable = DATABASE_FILES.map((name) => join(path, name)).filter(
		(file) => existsSync(file) && (modeOf(file) & OTHERS) !== 0,
	);
	// If others may enter the folder, the files' own permissions decide.
	const [first] = (mode & OTHERS) === 0 ? [] : readable;
	if (first !== undefined)
		return [
			warn(
				"data",
				`others on this machine can read ${first}: every message`,
				`chmod 700 ${path}; chmod 600 ${readable.join(" ")}`,
			),
		];
	const isEmpty = !existsSync(join(path, "verbatim.db"));
	if ((mode & 0o077) === 0) return [ok("data", `${path}, for its owner only`)];
	return [
		note(
			"data",
			`${path} can be entered by others (mode ${octal(mode)}); ${isEmpty ? "what the server makes in it" : "its database"} is for its owner only`,
		),
	];
}

const DATABASE_FILES = ["verbatim.db", "verbatim.db-wal"];
/** Neither the owner nor its group. */
const OTHERS = 0o007;

function modeOf(path: string): number {
	return statSync(path).mode & 0o777;
}

function octal(mode: number): string {
	return mode.toString(8);
}

function checkDisk(path: string): readonly Finding[] {
	const findings: Finding[] = [];
	const { bavail, bsize, type } = statfsSync(path);
	const free = bavail * bsize;
	if (free < FREE_GONE)
		findings.push(
			bad("disk", `${bytesWords(free)} free`, "make room: a full disk refuses every send until there is space again"),
		);
	else if (free < FREE_LOW) findings.push(warn("disk", `${bytesWords(free)} free`, "make room before it is full"));
	else findings.push(ok("disk", `${bytesWords(free)} free`));
	const network = NETWORK.get(type);
	if (network !== undefined) {
		findings.push(
			warn("file system", `${network}: locks and syncs may not hold on it`, "keep the data folder on a disk of this machine"),
		);
	} else if (MEMORY.has(type)) {
		findings.push(
			warn("file system", "it is in memory: gone with the next restart of the machine", "keep the data folder on a disk"),
		);
	}
	findings.push(measureSync(path));
	return findings;
}

/** Latency of a sync of 4 KiB, which every commit waits for. */
function measureSync(path: string): Finding {
	let folder: string | undefined;
	try {
		folder = mkdtempSync(join(path, "doctor-"));
		const file = openSync(join(folder, "sync"), "w");
		const times: number[] = [];
		for (let i = 0; i < SYNCS; i++) {
			const began = performance.now();
			writeSync(file, new Uint8Array(4096));
			fsyncSync(file);
			times.push(performance.now() - began);
		}
		closeSync(file);
		const median = times.toSorted((a, b) => a - b)[SYNCS >> 1] ?? 0;
		const words = `a sync takes ${median.toFixed(2)} ms`;
		if (median > SYNC_SLOW_MS) return warn("sync", words, "every acknowledgement waits for one: a faster disk helps");
		return ok("sync", words);
	} catch (error) {
		return bad(
			"data",
			`${path} cannot be written to (${wordsOf(error)})`,
			"let this user own it, or choose another (--data DIR)",
		);
	} finally {
		if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	}
}

function checkDatabase(path: string): readonly Finding[] {
	try {
		const inUse = isFolderInUse(path) ? [note("server", "one runs on this data folder")] : [];
		const facts = inspectDatabase(path);
		if (!facts) return [...inUse, ok("database", "none yet")];
		if (!facts.ours)
			return [...inUse, bad("database", `${facts.path} is a database, but not one of Verbatim`, "choose another data folder")];
		if (facts.version > facts.versionKnown) {
			const words = `version ${facts.version}; this program knows ${facts.versionKnown}`;
			return [...inUse, bad("database", words, "run the newer Verbatim, or restore a backup from before the upgrade")];
		}
		if (facts.damage.length > 0) {
			return [...inUse, bad("database", `damaged: ${facts.damage.join("; ")}`, RESTORE)];
		}
		const size = `${bytesWords(facts.sizeBytes)}, ${bytesWords(facts.logBytes)} of it in the write-ahead log`;
		const sound = ok("database", `sound; ${size}; ${facts.rooms} rooms, version ${facts.version}`);
		return [...inUse, sound, checkClock(facts.newestMs)];
	} catch (error) {
		return [bad("database", wordsOf(error), RESTORE)];
	}
}

/** The order of entries does not depend on the clock, but token expiry and displayed times do. */
function checkClock(newestMs: number | undefined): Finding {
	const aheadMs = (newestMs ?? 0) - Date.now();
	if (aheadMs > 60_000) {
		return warn(
			"clock",
			`the newest entry is ${Math.round(aheadMs / 1_000)} s in the future`,
			"set the clock (NTP): tokens would be refused or last too long",
		);
	}
	return ok("clock", `${new Date().toISOString()}, not behind the newest entry`);
}

function nearestFolder(path: string): string {
	return existsSync(path) ? path : nearestFolder(dirname(path));
}
