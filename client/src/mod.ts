// The package's entry point. Uses web-standard APIs only; `@verbatim/client/node` adds what needs Node's.
export * from "./api.ts";
export { connect } from "./client.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./marks/store.ts";
export { webStorageMarks } from "./marks/web-storage.ts";
export { indexedDbOutbox } from "./outbox/indexeddb.ts";
export { memoryOutbox } from "./outbox/memory.ts";
export * from "./outbox/store.ts";
export { memoryTokens } from "./tokens/memory.ts";
export * from "./tokens/store.ts";
export { webStorageTokens } from "./tokens/web-storage.ts";
export { type MemoryPeer, memoryTransport } from "./transport/memory.ts";
export * from "./transport/transport.ts";
export { type WebSocketClass, webSocketTransport } from "./transport/websocket.ts";
