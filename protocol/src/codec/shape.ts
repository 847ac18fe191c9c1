// The schema, prepared once for the codecs. @bufbuild/protobuf describes every message; its own generic readers and writers go
// through reflection for each field of each message, which costs two to twelve times what a walk along a prepared shape does
// (bench/src/codec.ts measures it). Both codecs walk these shapes, and tests hold what they write and read equal to the library.
//
// Shapes know the kinds of field that the schema uses. A new kind stops the program at load, not a message at midnight.
import { create, type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";

/** A message while it is read or written by its shape. */
export type Loose = Record<string, unknown>;

/** A oneof as the library holds it. */
export interface LooseOneof {
	case: string | undefined;
	value?: unknown;
}

export type FieldKind = "string" | "bool" | "double" | "uint32" | "enum" | "message";

export interface FieldShape {
	/** Its property, which is its JSON key too. */
	readonly name: string;
	/** The key as JSON text, with its colon. */
	readonly jsonKey: string;
	readonly number: number;
	readonly kind: FieldKind;
	readonly repeated: boolean;
	/** The property of the oneof that it belongs to. */
	readonly oneof: string | undefined;
	/** Of a message. */
	readonly message: MessageShape | undefined;
	/** Of an enum. */
	readonly values: EnumShape | undefined;
}

export interface EnumShape {
	readonly names: ReadonlyMap<number, string>;
	readonly numbers: ReadonlyMap<string, number>;
}

/** A property of a message: a field, or a oneof with its fields by their names. */
export type MemberShape =
	| { readonly field: FieldShape }
	| { readonly field: undefined; readonly oneof: string; readonly cases: ReadonlyMap<string, FieldShape> };

export interface MessageShape {
	readonly typeName: string;
	/** In order of their numbers, as they are written. */
	readonly members: readonly MemberShape[];
	readonly byName: ReadonlyMap<string, FieldShape>;
	readonly byNumber: readonly (FieldShape | undefined)[];
	/** A message with nothing set, like the library's `create`. */
	blank(): Loose;
}

/** The shape of a message and of all that it holds. Throws for what the codecs cannot carry yet. */
export function shapeOf(desc: DescMessage): MessageShape {
	return shape(desc, new Map());
}

function shape(desc: DescMessage, known: Map<string, MessageShape>): MessageShape {
	const done = known.get(desc.typeName);
	if (done !== undefined) return done;
	const members: MemberShape[] = [];
	const byName = new Map<string, FieldShape>();
	const byNumber: (FieldShape | undefined)[] = [];
	const made: MessageShape = { typeName: desc.typeName, members, byName, byNumber, blank: blankMaker(desc) };
	// Known before its fields are, so that a message may hold its own kind.
	known.set(desc.typeName, made);
	for (const field of desc.fields) {
		const it = fieldShape(field, known);
		byName.set(it.name, it);
		byNumber[it.number] = it;
	}
	for (const member of desc.members.toSorted((a, b) => firstNumber(a) - firstNumber(b))) {
		if (member.kind === "field") {
			const field = byName.get(member.localName);
			if (field !== undefined) members.push({ field });
		} else {
			const cases = new Map([...byName].filter(([, field]) => field.oneof === member.localName));
			members.push({ field: undefined, oneof: member.localName, cases });
		}
	}
	return made;
}

/** Of a field that comes once at most: readers note it in 32 bits. */
const SINGULAR_NUMBER_MAX = 31;

function fieldShape(field: DescField, known: Map<string, MessageShape>): FieldShape {
	const repeated = field.fieldKind === "list";
	const message = field.message === undefined ? undefined : shape(field.message, known);
	if (field.fieldKind === "map" || (repeated && message === undefined) || field.jsonName !== field.localName) cannot(field);
	if (field.number > SINGULAR_NUMBER_MAX && !repeated && field.oneof === undefined) cannot(field);
	return {
		name: field.localName,
		jsonKey: `"${field.localName}":`,
		number: field.number,
		kind: kindOf(field),
		repeated,
		oneof: field.oneof?.localName,
		message,
		values: field.enum && {
			names: new Map(field.enum.values.map((value) => [value.number, value.name])),
			numbers: new Map(field.enum.values.map((value) => [value.name, value.number])),
		},
	};
}

function kindOf(field: DescField): FieldKind {
	if (field.message !== undefined) return "message";
	if (field.enum !== undefined) return "enum";
	switch (field.scalar) {
		case ScalarType.STRING:
			return "string";
		case ScalarType.BOOL:
			return "bool";
		case ScalarType.DOUBLE:
			return "double";
		case ScalarType.UINT32:
			return "uint32";
		default:
			return cannot(field);
	}
}

function cannot(field: DescField): never {
	throw new Error(`the codecs do not know fields like ${field.toString()} yet: teach shape.ts and the four files beside it`);
}

function firstNumber(member: DescField | DescOneof): number {
	return member.kind === "field" ? member.number : Math.min(...member.fields.map((field) => field.number));
}

/** Copies what the library makes, which is the quickest way to an object of many properties, and renews what must not be shared. */
function blankMaker(desc: DescMessage): () => Loose {
	const template: Loose = { ...create(desc) };
	const lists: string[] = [];
	const oneofs: string[] = [];
	for (const member of desc.members) {
		if (member.kind === "oneof") oneofs.push(member.localName);
		else if (member.fieldKind === "list") lists.push(member.localName);
	}
	return () => {
		const message = { ...template };
		for (const list of lists) message[list] = [];
		for (const oneof of oneofs) message[oneof] = { case: undefined };
		return message;
	};
}
