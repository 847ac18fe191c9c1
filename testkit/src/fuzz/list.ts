// All targets, in the order in which an input meets them on its way in.
import type { Target } from "./target.ts";
import { framers } from "./targets/framers.ts";

export const TARGETS: readonly Target[] = [framers];
