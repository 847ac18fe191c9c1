// `--verbose`: the SDK's log on the standard error output, one line per event.
import type { Logger } from "@verbatim/client";

export const verboseLogger: Logger = { debug: show, info: show, warn: show, error: show };

function show(fields: object, message: string): void {
	const facts = Object.entries(fields)
		.filter(([, value]) => value !== undefined && value !== "")
		.map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`);
	console.error(["-", message, ...facts].join(" "));
}
