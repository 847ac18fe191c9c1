// Any message of the schema, made from the library's description of it, so that a field added tomorrow is tested tomorrow.
import {
	type DescField,
	type DescMessage,
	DownSchema as DownDesc,
	ScalarType,
	UpSchema as UpDesc,
} from "@verbatim/testkit/library";
import fc from "fast-check";
import { create, type Down, DownSchema, type Init as Literal, type Up, UpSchema } from "../../src/mod.ts";

type Init = Record<string, unknown>;

/** Texts with what goes wrong most easily: a byte order mark in front, NUL, escapes, line separators, all planes, many lengths. */
const TEXT = fc.oneof(
	fc.string({ unit: "binary", maxLength: 20 }),
	fc.string({ maxLength: 70 }),
	fc.constantFrom(
		"",
		"\ufeffafter a byte order mark",
		"\0",
		'"\\/\b\f\n\r\t',
		"\u2028\u2029",
		"\u{10ffff}".repeat(40),
		"é".repeat(200),
	),
);
const U32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat());
const DOUBLE = fc.oneof(fc.constant(0), fc.constant(1_763_690_000_000), fc.double());

export const anyUp: fc.Arbitrary<Up> = init(UpDesc).map((it) => create(UpSchema, it as Literal<Up>));
export const anyDown: fc.Arbitrary<Down> = init(DownDesc).map((it) => create(DownSchema, it as Literal<Down>));

/** Any literal of a message. */
export function init(desc: DescMessage): fc.Arbitrary<Init> {
	const members: Record<string, fc.Arbitrary<unknown>> = {};
	for (const member of desc.members) {
		if (member.kind === "oneof") {
			const none = fc.constant<Init>({ case: undefined });
			const cases = member.fields.map((field) => one(field).map((value): Init => ({ case: field.localName, value })));
			members[member.localName] = fc.oneof(
				{ arbitrary: none, weight: 1 },
				...cases.map((arbitrary) => ({ arbitrary, weight: 1 })),
			);
		} else if (member.fieldKind === "list") {
			members[member.localName] = fc.array(one(member), { maxLength: 3 });
		} else {
			members[member.localName] = member.message ? fc.option(one(member), { nil: undefined }) : one(member);
		}
	}
	return fc.record(members);
}

function one(field: DescField): fc.Arbitrary<unknown> {
	if (field.message) return init(field.message);
	if (field.enum)
		return fc.oneof(fc.constantFrom(...field.enum.values.map((value) => value.number)), fc.constantFrom(99, -1, -0x8000_0000));
	switch (field.scalar) {
		case ScalarType.STRING:
			return TEXT;
		case ScalarType.BOOL:
			return fc.boolean();
		case ScalarType.DOUBLE:
			return DOUBLE;
		case ScalarType.UINT32:
			return U32;
		default:
			throw new Error(`teach this file fields like ${field}`);
	}
}
