// Values parsed from JSON, read strictly: exact keys, exact types, numbers in range, texts well-formed. Only what the schema
// names is ever looked at, so depth and keys like `__proto__` have nothing to act on.

import type { FieldShape, Loose, LooseOneof, Schema } from "../schema.ts";
import { DecodeError } from "./codec.ts";
import { isWellFormed } from "./utf8.ts";

/** Called for a key, or the name of an enum value, that is not in the schema. Throws, or returns to ignore it. */
export type UnknownName = (schema: Schema, name: string, value: unknown) => void;

/** Reads `json` into `into`, a blank message. Throws `DecodeError`; what was read until then is in `into`. */
export function readJson(schema: Schema, json: unknown, into: Loose, unknown: UnknownName): void {
	if (typeof json !== "object" || json === null || Array.isArray(json)) throw malformed(`${schema.typeName} must be an object`);
	for (const key of Object.keys(json)) {
		const value = (json as Loose)[key];
		const field = schema.byName.get(key);
		if (field === undefined) unknown(schema, key, value);
		// The proto3 JSON mapping: null means absent.
		else if (value !== null) readField(schema, field, value, into, unknown);
	}
}

function readField(schema: Schema, field: FieldShape, json: unknown, into: Loose, unknown: UnknownName): void {
	if (field.oneof !== undefined) {
		const oneof = into[field.oneof] as LooseOneof;
		if (oneof.case !== undefined) throw malformed(`${schema.typeName} has both ${oneof.case} and ${field.name}`);
		const value = readValue(schema, field, json, unknown);
		if (value !== undefined) into[field.oneof] = { case: field.name, value };
	} else if (field.repeated) {
		if (!Array.isArray(json)) throw wrong(field, "an array");
		const list = into[field.name] as unknown[];
		for (const item of json) list.push(readValue(schema, field, item, unknown));
	} else {
		const value = readValue(schema, field, json, unknown);
		if (value !== undefined) into[field.name] = value;
	}
}

/** The value; undefined for an unknown enum value that is ignored. */
function readValue(schema: Schema, field: FieldShape, json: unknown, unknown: UnknownName): unknown {
	switch (field.kind) {
		case "string":
			if (typeof json !== "string") throw wrong(field, "a string");
			if (!isWellFormed(json)) throw new DecodeError("bad_utf8", `${field.name} holds an unpaired surrogate`);
			return json;
		case "message": {
			const inner = field.message as Schema;
			const message = inner.blank() as unknown as Loose;
			readJson(inner, json, message, unknown);
			return message;
		}
		case "uint32":
			if (typeof json !== "number" || json >>> 0 !== json) throw wrong(field, "a whole number from 0 to 4294967295");
			return json >>> 0;
		case "bool":
			if (typeof json !== "boolean") throw wrong(field, "true or false");
			return json;
		case "double":
			return readDouble(field, json);
		case "enum":
			return readEnum(schema, field, json, unknown);
	}
}

function readDouble(field: FieldShape, json: unknown): number {
	// JSON has numbers too large for a double; JSON.parse makes them infinite.
	if (typeof json === "number" && Number.isFinite(json)) return json;
	if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
	throw wrong(field, "a number");
}

function readEnum(schema: Schema, field: FieldShape, json: unknown, unknown: UnknownName): number | undefined {
	if (typeof json === "number" && (json | 0) === json) return json;
	if (typeof json !== "string") throw wrong(field, "the name or number of a value");
	const value = field.values?.numbers.get(json);
	if (value === undefined) unknown(schema, `${field.name}: ${json}`, json);
	return value;
}

function wrong(field: FieldShape, what: string): DecodeError {
	return malformed(`${field.name} must be ${what}`);
}

function malformed(message: string): DecodeError {
	return new DecodeError("malformed", message);
}
