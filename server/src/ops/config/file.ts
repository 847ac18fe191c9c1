// Reads the TOML file. The parser is loaded only when there is a file.
import { readFile } from "node:fs/promises";
import { escapeControls } from "../../base/escape-controls.ts";
import { ConfigError, type ConfigSources } from "./load.ts";

export const CONFIG_FILE_DEFAULT = "./verbatim.toml";

/**
 * The file at `path`, or without a path the default file if it exists. Throws `ConfigError` if a named file cannot be read, or is
 * not TOML.
 */
export async function readConfigFile(path: string | undefined): Promise<ConfigSources["file"]> {
	const from = path ?? CONFIG_FILE_DEFAULT;
	let content: string;
	try {
		content = await readFile(from, "utf8");
	} catch (error) {
		if (path === undefined && isMissing(error)) return undefined;
		throw new ConfigError([`the configuration file ${from} cannot be read: ${words(error)}`]);
	}
	const { parse } = await import("smol-toml");
	try {
		return { path: from, values: parse(content) };
	} catch (error) {
		throw new ConfigError([`the configuration file ${from} is not TOML: ${words(error)}`]);
	}
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The parser's message shows the place in several lines, as in the file. */
function words(error: unknown): string {
	return (error instanceof Error ? error.message : String(error)).split("\n").map(escapeControls).join("\n");
}
