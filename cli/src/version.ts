import pkg from "../package.json" with { type: "json" };

/** Version of the program: client commands and server are released together. */
export const VERSION: string = pkg.version;
