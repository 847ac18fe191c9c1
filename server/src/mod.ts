// The one door of this package: running a server, its configuration, and what operators do to its data.
export { lineOf, renderEntry } from "./listen/line/render.ts";
export type { Config, DoorConfig } from "./ops/config/config.ts";
export { CONFIG_FILE_DEFAULT, readConfigFile } from "./ops/config/file.ts";
export { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from "./ops/config/load.ts";
export { nearest } from "./ops/config/nearest.ts";
export { exampleConfig, type SettingRow, settingRows, showConfig } from "./ops/config/show.ts";
export { createLog, type Log, type LogFields, type ProcessLog } from "./ops/log.ts";
