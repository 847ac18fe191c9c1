// Any message of the schema out of an input's bytes, made from the schema's own descriptors, so that a field added tomorrow is
// fuzzed tomorrow.
import { type DescField, type DescMessage, type MessageInitShape, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { create, type Down, DownSchema, type Up, UpSchema } from "@verbatim/protocol";
import type { Draw } from "./draw.ts";

export function drawUp(draw: Draw): Up {
	return drawMessage(UpSchema, draw);
}

export function drawDown(draw: Draw): Down {
	return drawMessage(DownSchema, draw);
}

export function drawMessage<Desc extends DescMessage>(desc: Desc, draw: Draw): MessageShape<Desc> {
	return create(desc, fields(desc, draw, 0) as MessageInitShape<Desc>);
}

/** Every name that stands in the JSON form: of fields, commands and values of enums. */
export function jsonNames(): string[] {
	const names = new Set<string>();
	const seen = new Set<DescMessage>();
	const visit = (desc: DescMessage): void => {
		if (seen.has(desc)) return;
		seen.add(desc);
		for (const field of desc.fields) {
			names.add(`"${field.localName}":`);
			for (const value of field.enum?.values ?? []) names.add(`"${value.name}"`);
			if (field.message !== undefined) visit(field.message);
		}
	};
	visit(UpSchema);
	visit(DownSchema);
	return [...names];
}

type Init = Record<string, unknown>;

const LIST_MAX = 4;
const DEPTH_MAX = 8;

function fields(desc: DescMessage, draw: Draw, depth: number): Init {
	const init: Init = {};
	for (const member of desc.members) {
		if (member.kind === "oneof") {
			const field = member.fields[draw.below(member.fields.length + 1) - 1];
			init[member.localName] =
				field === undefined ? { case: undefined } : { case: field.localName, value: value(field, draw, depth) };
		} else if (member.fieldKind === "list") {
			init[member.localName] = Array.from({ length: draw.below(LIST_MAX) }, () => value(member, draw, depth));
		} else if (member.message === undefined || draw.byte() % 2 === 1) {
			init[member.localName] = value(member, draw, depth);
		}
	}
	return init;
}

function value(field: DescField, draw: Draw, depth: number): unknown {
	if (field.message !== undefined) return depth > DEPTH_MAX ? create(field.message) : fields(field.message, draw, depth + 1);
	if (field.enum !== undefined) return draw.pick([0, 1, 2, 3, 4, 99, -1, -0x8000_0000, 0x7fff_ffff]);
	switch (field.scalar) {
		case ScalarType.STRING:
			return draw.text();
		case ScalarType.BOOL:
			return draw.byte() % 2 === 1;
		case ScalarType.DOUBLE:
			return draw.pick([0, 1_763_690_000_000, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-320, draw.u32() / 3, -1.5]);
		default:
			return draw.number();
	}
}
