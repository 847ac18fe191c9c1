// The schema at run time: prepares the tables that `npm run gen` generates from wire.proto for the codecs and `create`, once at load. The
// compiler checks each table against the type beside it.
//
// Supports the kinds of field that the schema uses; the generator refuses others.

/** Base of all messages. */
export interface Message<TypeName extends string = string> {
	/** Full name in the schema, such as `verbatim.v1.Send`. */
	readonly $typeName: TypeName;
}

/** A message as untyped fields, for reading and writing by its schema. */
export type Loose = Record<string, unknown>;

/** The set field of a oneof; `case` undefined: none. */
export interface LooseOneof {
	case: string | undefined;
	value?: unknown;
}

export type ScalarKind = "string" | "bool" | "double" | "uint32";
export type FieldKind = ScalarKind | "enum" | "message";

export interface FieldShape {
	/** Property name and JSON key. */
	readonly name: string;
	/** The key as JSON text, with its colon. */
	readonly jsonKey: string;
	readonly number: number;
	readonly kind: FieldKind;
	readonly repeated: boolean;
	/** The property of the oneof that it belongs to. */
	readonly oneof: string | undefined;
	/** Of a message. */
	readonly message: Schema | undefined;
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

/** A message of the schema: its name and its fields. */
export interface Schema<M extends Message = Message> {
	readonly typeName: M["$typeName"];
	/** In order of their numbers, as they are written. */
	readonly members: readonly MemberShape[];
	readonly byName: ReadonlyMap<string, FieldShape>;
	readonly byNumber: readonly (FieldShape | undefined)[];
	/** A message with all fields at their zero value. */
	blank(): M;
}

/** A field's number, and its type: a message in brackets is a list of them. */
type FieldRow = readonly [
	number: number,
	type: ScalarKind | { readonly enum: Readonly<Record<string, number>> } | Schema | readonly [Schema],
];
type AnyTable = Readonly<Record<string, FieldRow | Readonly<Record<string, FieldRow>>>>;

/** The rows of a message: a field by its name, or the fields of a oneof; in the order of the schema. */
type Table<M extends Message> = {
	readonly [P in keyof M as Exclude<P, "$typeName">]-?: M[P] extends LooseOneof
		? { readonly [C in NonNullable<M[P]["case"]>]: FieldRow }
		: FieldRow;
};

/** Prepares the table of a message. */
export function message<M extends Message>(typeName: M["$typeName"], table: Table<M>): Schema<M> {
	const byName = new Map<string, FieldShape>();
	const byNumber: (FieldShape | undefined)[] = [];
	const members: { readonly first: number; readonly member: MemberShape }[] = [];
	const add = (name: string, row: FieldRow, oneof?: string): FieldShape => {
		const field = fieldShape(name, row, oneof);
		byName.set(name, field);
		byNumber[field.number] = field;
		return field;
	};
	for (const [name, rows] of Object.entries(table as AnyTable)) {
		if (isRow(rows)) {
			const field = add(name, rows);
			members.push({ first: field.number, member: { field } });
		} else {
			const cases = new Map(Object.entries(rows).map(([inner, row]) => [inner, add(inner, row, name)]));
			const first = Math.min(...[...cases.values()].map(({ number }) => number));
			members.push({ first, member: { field: undefined, oneof: name, cases } });
		}
	}
	return {
		typeName,
		members: members.sort((a, b) => a.first - b.first).map(({ member }) => member),
		byName,
		byNumber,
		blank: blankMaker(typeName, table as AnyTable) as () => M,
	};
}

function isRow(rows: FieldRow | Readonly<Record<string, FieldRow>>): rows is FieldRow {
	return Array.isArray(rows);
}

function fieldShape(name: string, [number, type]: FieldRow, oneof: string | undefined): FieldShape {
	const scalar = typeof type === "string" ? type : undefined;
	const inner = typeof type === "string" || "enum" in type ? undefined : type;
	const values = typeof type === "object" && "enum" in type ? type.enum : undefined;
	const repeated = inner !== undefined && !("typeName" in inner);
	// One literal, so that all shapes have one hidden class: faster codecs.
	return {
		name,
		jsonKey: `"${name}":`,
		number,
		kind: scalar ?? (values === undefined ? "message" : "enum"),
		repeated,
		oneof,
		message: repeated ? inner[0] : inner,
		values: values && enumShape(values),
	};
}

function enumShape(values: Readonly<Record<string, number>>): EnumShape {
	const entries = Object.entries(values);
	return { names: new Map(entries.map(([name, number]) => [number, name])), numbers: new Map(entries) };
}

const ZEROS = { string: "", bool: false, double: 0, uint32: 0 } as const;

/** Copies a template, the fastest way to create an object of many properties, and creates new lists and oneofs. */
function blankMaker(typeName: string, table: AnyTable): () => Loose {
	const template: Loose = { $typeName: typeName };
	const lists: string[] = [];
	const oneofs: string[] = [];
	for (const [name, rows] of Object.entries(table)) {
		if (!isRow(rows)) {
			oneofs.push(name);
			template[name] = undefined;
		} else {
			const type = rows[1];
			if (typeof type === "string") template[name] = ZEROS[type];
			else if ("enum" in type) template[name] = 0;
			else if (!("typeName" in type)) {
				lists.push(name);
				template[name] = undefined;
			}
			// An absent message field has no property.
		}
	}
	return () => {
		const blank = { ...template };
		for (const list of lists) blank[list] = [];
		for (const oneof of oneofs) blank[oneof] = { case: undefined };
		return blank;
	};
}
