// Before each run of tests: what programs keep in the user's state folder goes to a folder of the run's own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "verbatim-state-"));
process.env.XDG_STATE_HOME = folder;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
