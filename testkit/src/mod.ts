// The exports of this package: what tests of all packages share.

export * from "./dns-server.ts";
export * from "./nodes.ts";
export * from "./process/postgres.ts";
export * from "./process/redis-process.ts";
export * from "./process/server-process.ts";
export * from "./random.ts";
export { argumentsOf, mistaken } from "./run/arguments.ts";
export * from "./virtual-clock.ts";
