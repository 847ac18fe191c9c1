import { exampleConfig, showConfig } from "@verbatim/server";
import { mustHaveOptionsOnly } from "./args.ts";
import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { print } from "./output.ts";
import { configFrom, SETTING_OPTIONS, SETTINGS_NOTE } from "./settings.ts";

export const config: CliCommand = {
	name: "config",
	summary: "Shows the configuration that `verbatim serve` would run with, and where each value comes from.",
	usage: "verbatim config [--example] [SETTINGS]",
	about: `A wrong configuration is named and gives exit code ${EXIT.config}. Secrets are not shown.\n${SETTINGS_NOTE}`,
	options: [{ name: "example", about: "Print a commented TOML file of every setting instead." }, ...SETTING_OPTIONS],
	examples: ["verbatim config", "verbatim config --config /etc/verbatim.toml", "verbatim config --example > verbatim.toml"],
	async run(args) {
		mustHaveOptionsOnly(args, "config");
		if (args.options.get("example") === "true") {
			print(exampleConfig());
			return EXIT.ok;
		}
		print(showConfig(await configFrom(args)));
		return EXIT.ok;
	},
};
