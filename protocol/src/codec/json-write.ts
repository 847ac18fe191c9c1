// Writes messages as JSON text directly, without an intermediate tree of objects.

import type { FieldShape, Loose, LooseOneof, Schema } from "../schema.ts";
import { EncodeError } from "./codec.ts";
import { SPECIAL } from "./json-messages.ts";
import { encodingsOf } from "./shared-lists.ts";
import { isWellFormed } from "./utf8.ts";

/** `message` in the proto3 JSON mapping: the output of the library's `toJsonString`, except the order of keys. */
export function writeJson(schema: Schema, message: Loose): string {
	let json = "{";
	for (const member of schema.members) {
		if (member.field !== undefined) {
			const { field } = member;
			const value = message[field.name];
			if (isAbsent(field, value)) continue;
			if (json !== "{") json += ",";
			json += field.jsonKey;
			json += field.repeated ? listText(field, value as unknown[]) : valueText(field, value);
		} else {
			const { case: name, value } = message[member.oneof] as LooseOneof;
			if (name === undefined) continue;
			const field = member.cases.get(name);
			if (field === undefined) throw new EncodeError("malformed", `${schema.typeName} has no ${member.oneof} called ${name}`);
			if (json !== "{") json += ",";
			json += field.jsonKey;
			json += valueText(field, value);
		}
	}
	return `${json}}`;
}

/** A field outside a oneof is omitted if it has its zero value. */
function isAbsent(field: FieldShape, value: unknown): boolean {
	if (field.repeated) return (value as unknown[]).length === 0;
	return value === undefined || value === "" || value === false || Object.is(value, 0);
}

function listText(field: FieldShape, list: unknown[]): string {
	const encodings = encodingsOf(list);
	if (encodings?.json !== undefined) return encodings.json;
	let json = "[";
	for (const item of list) json += json === "[" ? valueText(field, item) : `,${valueText(field, item)}`;
	json += "]";
	if (encodings !== undefined) encodings.json = json;
	return json;
}

function valueText(field: FieldShape, value: unknown): string {
	switch (field.kind) {
		case "string":
			return typeof value === "string" ? stringText(field, value) : wrong(field, value);
		case "message":
			if (typeof value !== "object" || value === null) return wrong(field, value);
			return writeJson(field.message as Schema, value as Loose);
		case "uint32":
			return typeof value === "number" && value >>> 0 === value ? String(value) : wrong(field, value);
		case "enum":
			return typeof value === "number" && (value | 0) === value ? enumText(field, value) : wrong(field, value);
		case "bool":
			return typeof value === "boolean" ? String(value) : wrong(field, value);
		case "double":
			if (typeof value !== "number") return wrong(field, value);
			return Number.isFinite(value) ? String(value) : `"${value}"`;
	}
}

function stringText(field: FieldShape, text: string): string {
	if (!SPECIAL.test(text)) return `"${text}"`;
	if (!isWellFormed(text)) throw new EncodeError("bad_utf8", `${field.name} holds an unpaired surrogate`);
	return JSON.stringify(text);
}

/** A value without a name in this version is written as its number. */
function enumText(field: FieldShape, value: number): string {
	const name = field.values?.names.get(value);
	return name === undefined ? String(value) : `"${name}"`;
}

function wrong(field: FieldShape, value: unknown): never {
	throw new EncodeError("malformed", `${field.name} is no ${field.kind}: ${String(value)}`);
}
