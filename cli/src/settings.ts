// The server's settings as command-line options, shared by `serve`, `config`, `doctor` and `user`.
import { ConfigError, type LoadedConfig, loadConfig, readConfigFile, settingRows } from "@verbatim/server";
import type { Arguments, Option } from "./args.ts";
import { CommandError, EXIT } from "./exit.ts";

/** Settings shown in the help; the others are in `verbatim config --example` and docs/operations.md. */
const LISTED = new Set(["data", "http", "tcp", "ops", "log.level"]);

export const CONFIG_OPTION: Option = {
	name: "config",
	takes: "FILE",
	about: "Read this TOML file; without it ./verbatim.toml, if it is there.",
};

export const SETTING_OPTIONS: readonly Option[] = [
	CONFIG_OPTION,
	...settingRows().map(({ key, about, isSwitch, takes }) => ({
		name: key,
		about,
		unlisted: !LISTED.has(key),
		...(!isSwitch && { takes }),
	})),
];

export const SETTINGS_NOTE = "Every setting of `verbatim config --example` is an option too, as in --limits.sendsPerSecond 50.";

/** The effective configuration. Throws `CommandError` with all of its errors. */
export async function configFrom({ options }: Arguments): Promise<LoadedConfig> {
	const flags = new Map([...options].filter(([name]) => SETTING_NAMES.has(name)));
	try {
		const file = await readConfigFile(options.get("config") ?? process.env.VERBATIM_CONFIG);
		return loadConfig({ flags, environment: process.env, ...(file && { file }) });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const lines = error.problems.map((problem) => `  ${problem}`);
		throw new CommandError(EXIT.config, ["verbatim: the configuration is wrong:", ...lines].join("\n"));
	}
}

const SETTING_NAMES = new Set<string>(settingRows().map(({ key }) => key));
