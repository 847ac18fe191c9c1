// From a description of wire.proto to the module that the product runs on: types with the comments of the schema, and tables.
import { type DescEnum, type DescField, type DescFile, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

const SCALARS: Partial<Record<ScalarType, readonly [kind: string, type: string]>> = {
	[ScalarType.STRING]: ["string", "string"],
	[ScalarType.BOOL]: ["bool", "boolean"],
	[ScalarType.DOUBLE]: ["double", "number"],
	[ScalarType.UINT32]: ["uint32", "number"],
};
/** Of a field that comes once at most: the reader of Protobuf notes it in 32 bits. */
const SINGULAR_NUMBER_MAX = 31;

/** The module of `file`, which imports `from`. Throws for what the codecs cannot carry yet. */
export function renderWire(file: DescFile, from: string): string {
	const enums = [...file.enums, ...file.messages.flatMap((message) => message.nestedEnums)];
	if (file.messages.some((message) => message.nestedMessages.length > 0))
		throw new Error("messages stand at the top of the schema");
	return [
		`// Made by \`npm run gen\` from ${file.name}.proto: change that, not this.\n`,
		`import { type Message, message, type Schema } from "${from}";\n`,
		...enums.map(renderEnum),
		...file.messages.map(renderType),
		...innermostFirst(file.messages).map(renderTable),
	].join("\n");
}

function renderEnum(desc: DescEnum): string {
	// Zero is what a field has that was not sent.
	if (desc.values[0]?.number !== 0) throw new Error(`${desc} must begin with 0`);
	const name = nameOf(desc);
	const values = desc.values.map((value) => `${comment(value, "\t")}\t${value.name}: ${value.number},\n`);
	return [
		`${comment(desc)}export const ${name} = {\n${values.join("")}} as const;\n`,
		`export type ${name} = (typeof ${name})[keyof typeof ${name}];\n`,
	].join("");
}

function renderType(desc: DescMessage): string {
	const members = desc.members.map((member) => {
		if (member.kind === "field") {
			const optional = member.fieldKind === "message";
			const type = `${typeOf(member)}${member.fieldKind === "list" ? "[]" : ""}`;
			return `${comment(member, "\t")}\t${member.localName}${optional ? "?" : ""}: ${type}${optional ? " | undefined" : ""};\n`;
		}
		const cases = member.fields.map(
			(field) => `${comment(field, "\t\t")}\t\t| { case: "${field.localName}"; value: ${typeOf(field)} }\n`,
		);
		return `${comment(member, "\t")}\t${member.localName}:\n${cases.join("")}\t\t| { case: undefined; value?: undefined };\n`;
	});
	return `${comment(desc)}export interface ${desc.name} extends Message<"${desc.typeName}"> {\n${members.join("")}}\n`;
}

function renderTable(desc: DescMessage): string {
	const row = (field: DescField, indent: string): string => {
		check(field);
		const type = kindOf(field);
		return `${indent}${field.localName}: [${field.number}, ${field.fieldKind === "list" ? `[${type}]` : type}],\n`;
	};
	const rows = desc.members.map((member) =>
		member.kind === "field"
			? row(member, "\t")
			: `\t${member.localName}: {\n${member.fields.map((field) => row(field, "\t\t")).join("")}\t},\n`,
	);
	const name = `${desc.name}Schema`;
	return `export const ${name}: Schema<${desc.name}> = /* @__PURE__ */ message<${desc.name}>("${desc.typeName}", {\n${rows.join("")}});\n`;
}

function check(field: DescField): void {
	const once = field.fieldKind !== "list" && field.oneof === undefined;
	const explicit = once && field.fieldKind !== "message" && field.presence !== FeatureSet_FieldPresence.IMPLICIT;
	const scalars = field.fieldKind === "list" && field.message === undefined;
	const numbered = once && field.number > SINGULAR_NUMBER_MAX;
	if (field.fieldKind === "map" || scalars || explicit || numbered || field.jsonName !== field.localName) cannot(field);
}

/** The type of a field, or of an element, in TypeScript. */
function typeOf(field: DescField): string {
	if (field.message !== undefined) return field.message.name;
	if (field.enum !== undefined) return nameOf(field.enum);
	return SCALARS[field.scalar ?? ScalarType.BYTES]?.[1] ?? cannot(field);
}

function kindOf(field: DescField): string {
	if (field.message !== undefined) return `${field.message.name}Schema`;
	if (field.enum !== undefined) return `{ enum: ${nameOf(field.enum)} }`;
	return `"${SCALARS[field.scalar ?? ScalarType.BYTES]?.[0] ?? cannot(field)}"`;
}

function cannot(field: DescField): never {
	throw new Error(`the codecs do not know fields like ${field} yet: teach protocol/src/schema.ts, create.ts and codec/`);
}

/** Each after those that it holds, since a table names theirs. */
function innermostFirst(messages: readonly DescMessage[]): DescMessage[] {
	const done = new Set<DescMessage>();
	const visit = (desc: DescMessage, within: readonly DescMessage[]): void => {
		if (done.has(desc)) return;
		if (within.includes(desc)) throw new Error(`${desc} holds itself: teach the tables to name what comes later`);
		for (const field of desc.fields) if (field.message !== undefined) visit(field.message, [...within, desc]);
		done.add(desc);
	};
	for (const desc of messages) visit(desc, []);
	return [...done];
}

function nameOf(desc: DescEnum): string {
	return desc.parent === undefined ? desc.name : `${desc.parent.name}_${desc.name}`;
}

/** What stands above it in the schema. */
function comment(desc: DescMessage | DescField | DescOneof | DescEnum | DescEnum["values"][number], indent = ""): string {
	const path = pathOf(desc).join();
	const { file } = desc.kind === "field" || desc.kind === "oneof" || desc.kind === "enum_value" ? desc.parent : desc;
	const location = file.proto.sourceCodeInfo?.location.find((it) => it.path.join() === path);
	const text = location?.leadingComments.replaceAll("*/", "*\\/").trim() ?? "";
	if (text === "") return "";
	const lines = text.split("\n").map((line) => line.trim());
	if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
	return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** Where a part of the schema stands in its description, by the numbers of descriptor.proto. */
function pathOf(desc: DescMessage | DescField | DescOneof | DescEnum | DescEnum["values"][number]): number[] {
	switch (desc.kind) {
		case "message":
			return [4, desc.file.messages.indexOf(desc)];
		case "field":
			return [...pathOf(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
		case "oneof":
			return [...pathOf(desc.parent), 8, desc.parent.proto.oneofDecl.indexOf(desc.proto)];
		case "enum":
			return desc.parent === undefined
				? [5, desc.file.enums.indexOf(desc)]
				: [...pathOf(desc.parent), 4, desc.parent.nestedEnums.indexOf(desc)];
		case "enum_value":
			return [...pathOf(desc.parent), 2, desc.parent.proto.value.indexOf(desc.proto)];
	}
}
