// Any message of the schema out of an input's bytes, made from the tables that the codecs walk, so that a field added tomorrow is
// fuzzed tomorrow.
import { create, type Down, DownSchema, type Init, type Message, type Schema, type Up, UpSchema } from "@verbatim/protocol";
import type { Draw } from "./draw.ts";

type Field = NonNullable<ReturnType<Schema["byName"]["get"]>>;

export function drawUp(draw: Draw): Up {
	return drawMessage(UpSchema, draw);
}

export function drawDown(draw: Draw): Down {
	return drawMessage(DownSchema, draw);
}

export function drawMessage<M extends Message>(schema: Schema<M>, draw: Draw): M {
	return create(schema, fields(schema, draw, 0) as Init<M>);
}

/** Every name that stands in the JSON form: of fields, commands and values of enums. */
export function jsonNames(): string[] {
	const names = new Set<string>();
	const seen = new Set<Schema>();
	const visit = (schema: Schema): void => {
		if (seen.has(schema)) return;
		seen.add(schema);
		for (const field of schema.byName.values()) {
			names.add(field.jsonKey);
			for (const name of field.values?.numbers.keys() ?? []) names.add(`"${name}"`);
			if (field.message !== undefined) visit(field.message);
		}
	};
	visit(UpSchema);
	visit(DownSchema);
	return [...names];
}

type Literal = Record<string, unknown>;

const LIST_MAX = 4;
const DEPTH_MAX = 8;

function fields(schema: Schema, draw: Draw, depth: number): Literal {
	const literal: Literal = {};
	for (const { field, ...member } of schema.members) {
		if ("oneof" in member) {
			const chosen = [...member.cases.values()][draw.below(member.cases.size + 1) - 1];
			literal[member.oneof] =
				chosen === undefined ? { case: undefined } : { case: chosen.name, value: value(chosen, draw, depth) };
		} else if (field?.repeated) {
			literal[field.name] = Array.from({ length: draw.below(LIST_MAX) }, () => value(field, draw, depth));
		} else if (field !== undefined && (field.message === undefined || draw.byte() % 2 === 1)) {
			literal[field.name] = value(field, draw, depth);
		}
	}
	return literal;
}

function value(field: Field, draw: Draw, depth: number): unknown {
	switch (field.kind) {
		case "message":
			if (field.message === undefined || depth > DEPTH_MAX) return {};
			return fields(field.message, draw, depth + 1);
		case "enum":
			return draw.pick([0, 1, 2, 3, 4, 99, -1, -0x8000_0000, 0x7fff_ffff]);
		case "string":
			return draw.text();
		case "bool":
			return draw.byte() % 2 === 1;
		case "double":
			return draw.pick([0, 1_763_690_000_000, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-320, draw.u32() / 3, -1.5]);
		case "uint32":
			return draw.number();
	}
}
