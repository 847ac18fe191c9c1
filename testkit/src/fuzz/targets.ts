// All targets, in the order of the data's way through the server.
import type { Target } from "./target.ts";
import { codecs } from "./targets/codecs.ts";
import { config } from "./targets/config.ts";
import { framers } from "./targets/framers.ts";
import { http } from "./targets/http.ts";
import { limits } from "./targets/limits.ts";
import { lines } from "./targets/lines.ts";
import { names } from "./targets/names.ts";
import { people } from "./targets/people.ts";
import { preface } from "./targets/preface.ts";
import { tokens } from "./targets/tokens.ts";
import { wire } from "./targets/wire.ts";

export const TARGETS: readonly Target[] = [preface, framers, codecs, limits, lines, names, tokens, config, wire, people, http];
