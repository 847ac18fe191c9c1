import type { Experiment } from "../experiment.ts";
import { connections } from "./connections.ts";
import { disk } from "./disk.ts";
import { flood } from "./flood.ts";
import { history } from "./history.ts";
import { memory } from "./memory.ts";
import { pages } from "./pages.ts";
import { sends } from "./sends.ts";
import { stalled } from "./stalled.ts";
import { storm } from "./storm.ts";

/** Their outcome does not depend on the machine's speed. */
export const DETERMINISTIC: readonly Experiment[] = [sends, connections, history, stalled, disk];

/** All; the last four take their time, or a machine of their own. */
export const EXPERIMENTS: readonly Experiment[] = [...DETERMINISTIC, memory, storm, pages, flood];
