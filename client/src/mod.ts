// The one door of this package. Web-standard APIs only; what needs Node's is behind `@verbatim/client/node`.
export * from "./api.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export type * from "./outbox/store.ts";
export type * from "./tokens/store.ts";
export type * from "./transport/transport.ts";
