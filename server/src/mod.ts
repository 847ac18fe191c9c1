// The one door of this package: running a server, its configuration, and what operators do to its data.
export { systemClock, systemRandom } from "./clock.ts";
export { AddressError, showAddress } from "./listen/address.ts";
export { BindError } from "./listen/bind.ts";
export { lineOf, renderEntry } from "./listen/line/render.ts";
export type { PageAssets } from "./listen/page.ts";
export { KeyFileError, type RunningServer, type StartOptions, startServer } from "./main.ts";
export type { Config } from "./ops/config/config.ts";
export { CONFIG_FILE_DEFAULT, readConfigFile } from "./ops/config/file.ts";
export { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from "./ops/config/load.ts";
export { nearest } from "./ops/config/nearest.ts";
export { exampleConfig, type SettingRow, settingRows, showConfig } from "./ops/config/show.ts";
export { createLog, type Log, type LogFields, type ProcessLog } from "./ops/log.ts";
export { type Ending, untilStopped } from "./ops/until-stopped.ts";
export { StoreOpenError } from "./store/sqlite/errors.ts";
