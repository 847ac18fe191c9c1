// Generates any message of the schema from choices, by the tables that the codecs use, so that new fields are fuzzed without further
// code.
import { create, type Down, DownSchema, type Init, type Message, type Schema, type Up, UpSchema } from "@verbatim/protocol";
import type { Choices } from "./choices.ts";

type Field = NonNullable<ReturnType<Schema["byName"]["get"]>>;

export function generateUp(choices: Choices): Up {
	return generateMessage(UpSchema, choices);
}

export function generateDown(choices: Choices): Down {
	return generateMessage(DownSchema, choices);
}

export function generateMessage<M extends Message>(schema: Schema<M>, choices: Choices): M {
	return create(schema, fields(schema, choices, 0) as Init<M>);
}

/** Every name that stands in the JSON form: of fields, commands and values of enums. */
export function jsonNames(): string[] {
	const names = new Set<string>();
	const seen = new Set<Schema>();
	const run = (schema: Schema): void => {
		if (seen.has(schema)) return;
		seen.add(schema);
		for (const field of schema.byName.values()) {
			names.add(field.jsonKey);
			for (const name of field.values?.numbers.keys() ?? []) names.add(`"${name}"`);
			if (field.message !== undefined) run(field.message);
		}
	};
	run(UpSchema);
	run(DownSchema);
	return [...names];
}

type Literal = Record<string, unknown>;

const LIST_MAX = 4;
const DEPTH_MAX = 8;

function fields(schema: Schema, choices: Choices, depth: number): Literal {
	const literal: Literal = {};
	for (const { field, ...member } of schema.members) {
		if ("oneof" in member) {
			const chosen = [...member.cases.values()][choices.below(member.cases.size + 1) - 1];
			literal[member.oneof] =
				chosen === undefined ? { case: undefined } : { case: chosen.name, value: value(chosen, choices, depth) };
		} else if (field?.repeated) {
			literal[field.name] = Array.from({ length: choices.below(LIST_MAX) }, () => value(field, choices, depth));
		} else if (field !== undefined && (field.message === undefined || choices.byte() % 2 === 1)) {
			literal[field.name] = value(field, choices, depth);
		}
	}
	return literal;
}

function value(field: Field, choices: Choices, depth: number): unknown {
	switch (field.kind) {
		case "message":
			if (field.message === undefined || depth > DEPTH_MAX) return {};
			return fields(field.message, choices, depth + 1);
		case "enum":
			return choices.pick([0, 1, 2, 3, 4, 99, -1, -0x8000_0000, 0x7fff_ffff]);
		case "string":
			return choices.text();
		case "bool":
			return choices.byte() % 2 === 1;
		case "double":
			return choices.pick([0, 1_763_690_000_000, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-320, choices.u32() / 3, -1.5]);
		case "uint32":
			return choices.number();
	}
}
