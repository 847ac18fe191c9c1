// A folder that may only be read. Modes do not bind root; for root the folder is marked immutable, and where that is not to be
// had (in most containers), what is tried on it is tried as nobody.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface WriteProtection {
	/** What has to run a command for which the protection holds. */
	readonly under: readonly string[];
	lift(): void;
}

const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;

/** Protects a folder and everything in it; its parent must be the test's own. undefined: that is not possible here. */
export function writeProtect(path: string): WriteProtection | undefined {
	if (process.getuid?.() !== 0) {
		chmodSync(path, 0o555);
		return { under: [], lift: () => chmodSync(path, 0o700) };
	}
	if (succeeds("chattr", "-R", "+i", path)) return { under: [], lift: () => succeeds("chattr", "-R", "-i", path) };
	// Nobody must be able to run what is tried, too.
	if (!succeeds(...AS_NOBODY, process.execPath, "--version")) return undefined;
	chmodSync(dirname(path), 0o755);
	succeeds("chmod", "-R", "a=rX", path);
	return { under: AS_NOBODY, lift: () => chmodSync(path, 0o700) };
}

/** Can `writeProtect` do anything here? Without it a test is skipped, and says `PROTECTION_MISSING`. */
export function canWriteProtect(): boolean {
	const parent = mkdtempSync(join(tmpdir(), "verbatim-protect-"));
	try {
		const path = mkdtempSync(join(parent, "inside-"));
		const protection = writeProtect(path);
		protection?.lift();
		return protection !== undefined;
	} finally {
		rmSync(parent, { recursive: true, force: true });
	}
}

export const PROTECTION_MISSING = "root can write everywhere here: run it as another user";

function succeeds(command: string, ...args: string[]): boolean {
	if (Bun.which(command) === null) return false;
	return Bun.spawnSync([command, ...args], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
}
