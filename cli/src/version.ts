import pkg from "../package.json" with { type: "json" };

/** Of the whole program: client commands and server are released together. */
export const VERSION: string = pkg.version;
