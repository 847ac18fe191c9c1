// The package's entry point: the terminal client, started by `runChat`.
export { type ChatOptions, SERVER_DEFAULT } from "./options.ts";
export { CHAT_EXIT, type ChatProcess, runChat } from "./run.ts";
export { safeLines, safeText } from "./text/safe.ts";
