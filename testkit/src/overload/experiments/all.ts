import type { Experiment } from "../experiment.ts";
import { connections } from "./connections.ts";
import { disk } from "./disk.ts";
import { history } from "./history.ts";
import { sends } from "./sends.ts";
import { stalled } from "./stalled.ts";

export const EXPERIMENTS: readonly Experiment[] = [sends, connections, history, stalled, disk];
