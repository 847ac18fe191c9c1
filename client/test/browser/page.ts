// What the test's page runs: the browser's own parts of the SDK, within reach of the test.
import { connect, indexedDbOutbox, webStorageMarks, webStorageTokens } from "../../src/mod.ts";

Object.assign(globalThis, { verbatim: { connect, indexedDbOutbox, webStorageMarks, webStorageTokens } });
