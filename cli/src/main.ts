#!/usr/bin/env bun
import { run } from "./run.ts";

// The exit code is set, not forced: what is still written to pipes gets there.
process.exitCode = await run(process.argv.slice(2));
