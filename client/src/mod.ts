// The package's entry point. Uses web-standard APIs only; `@verbatim/client/node` adds what needs Node's.
export * from "./api/api.ts";
export * from "./api/mark-store.ts";
export * from "./api/outbox-store.ts";
export * from "./api/token-store.ts";
export * from "./api/transport.ts";
export * from "./base/clock.ts";
export * from "./base/errors.ts";
export { connect } from "./client.ts";
export { webStorageMarks } from "./marks/web-storage.ts";
export { indexedDbOutbox } from "./outbox/indexeddb.ts";
export { memoryOutbox } from "./outbox/memory.ts";
export { memoryTokens } from "./tokens/memory.ts";
export { webStorageTokens } from "./tokens/web-storage.ts";
export { type MemoryPeer, memoryTransport } from "./transport/memory.ts";
export { type WebSocketClass, webSocketTransport } from "./transport/websocket.ts";
