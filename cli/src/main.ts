#!/usr/bin/env bun
import { run } from "./run.ts";

// Sets the exit code instead of exiting: pending writes to pipes complete.
process.exitCode = await run(process.argv.slice(2));
