// Makes a log line's fields safe to write: secrets hidden, sizes bounded, no text that acts on a terminal or forges a line.

import { escapeControls } from "../../base/escape-controls.ts";
import type { LogFields } from "../../base/log.ts";

const SECRET = /pass(word|phrase)?|token|secret|credential|authorization|cookie|hash|^(access|refresh|key|keyPem)$/i;
const HIDDEN = "[hidden]";

const DEPTH_MAX = 4;
const ITEMS_MAX = 50;
const TEXT_CHARS_MAX = 4_000;

/** The line's fields as plain data, `time` first; nothing is shared with the arguments. */
export function prepareFields(nowMs: number, fields: LogFields): Record<string, unknown> {
	const prepared: Record<string, unknown> = { time: new Date(nowMs).toISOString() };
	for (const [name, value] of Object.entries(fields)) {
		if (value === undefined || name === "time" || name === "level" || name === "msg") continue;
		prepared[harmless(name)] = SECRET.test(name) ? HIDDEN : prepare(value, 1);
	}
	return prepared;
}

/** Untrusted text, truncated, without anything that acts on a terminal or ends a line. */
export function harmless(text: string): string {
	return escapeControls(text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}… (${text.length} characters)` : text);
}

function prepare(value: unknown, depth: number): unknown {
	switch (typeof value) {
		case "string":
			return harmless(value);
		case "number":
		case "boolean":
			return value;
		case "bigint":
		case "symbol":
			return String(value);
		case "object":
			return value === null ? null : prepareObject(value, depth);
		// Functions and undefined are left out.
		default:
			return undefined;
	}
}

function prepareObject(value: object, depth: number): unknown {
	if (value instanceof Error) return prepareError(value, depth);
	if (value instanceof Date) return value.toISOString();
	if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
	if (depth >= DEPTH_MAX) return "(deeper)";
	if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => prepare(item, depth + 1));
	const prepared: Record<string, unknown> = {};
	for (const [name, item] of Object.entries(value).slice(0, ITEMS_MAX)) {
		prepared[harmless(name)] = SECRET.test(name) ? HIDDEN : prepare(item, depth + 1);
	}
	return prepared;
}

function prepareError(error: Error, depth: number): Record<string, unknown> {
	const prepared: Record<string, unknown> = { type: harmless(error.name), message: harmless(error.message) };
	if ("code" in error) prepared.code = prepare(error.code, depth + 1);
	// The frames only: the message, which may quote users, is above in one piece.
	if (error.stack) prepared.stack = framesOf(error.stack).map(harmless).join("\n");
	if (error.cause !== undefined && depth < DEPTH_MAX) prepared.cause = prepare(error.cause, depth + 1);
	return prepared;
}

function framesOf(stack: string): string[] {
	return stack
		.split("\n")
		.filter((line) => /^\s*at /.test(line))
		.slice(0, 20);
}
