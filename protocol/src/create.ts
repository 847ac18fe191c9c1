// Creates messages from literals.
import type { FieldShape, Loose, LooseOneof, Message, Schema } from "./schema.ts";

/** A message as a literal: omitted fields have their zero value. A whole message is also a literal. */
export type Init<M extends Message> = M | { [P in keyof M]?: P extends "$typeName" ? never : FieldInit<M[P]> };

type FieldInit<F> = F extends boolean | string | number
	? F
	: F extends Array<infer U>
		? Array<FieldInit<U>>
		: F extends Message
			? Init<F>
			: F extends { case: infer C extends string; value: infer V extends Message }
				? { case: C; value: Init<V> }
				: F;

/**
 * The message of a literal. A message of the same schema is returned as it is, also as a field; lists are copied. Values are not checked:
 * encoders refuse invalid ones.
 */
export function create<M extends Message>(schema: Schema<M>, init?: NoInfer<Init<M>>): M {
	if (isOf(schema, init)) return init;
	const message = schema.blank();
	if (init !== undefined) fill(schema, message as unknown as Loose, init as unknown as Loose);
	return message;
}

function isOf<M extends Message>(schema: Schema<M>, value: unknown): value is M {
	return isObject(value) && value.$typeName === schema.typeName;
}

function isObject(value: unknown): value is Loose {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fill(schema: Schema, message: Loose, init: Loose): void {
	for (const member of schema.members) {
		if (member.field !== undefined) {
			const { field } = member;
			const value = init[field.name];
			if (value === undefined || value === null) continue;
			message[field.name] = field.repeated && Array.isArray(value) ? value.map((item) => made(field, item)) : made(field, value);
		} else {
			const oneof = init[member.oneof] as LooseOneof | undefined | null;
			const field = oneof?.case === undefined ? undefined : member.cases.get(oneof.case);
			if (field !== undefined) message[member.oneof] = { case: field.name, value: made(field, oneof?.value) };
		}
	}
}

function made(field: FieldShape, value: unknown): unknown {
	return field.message !== undefined && isObject(value) ? create(field.message, value as unknown as Init<Message>) : value;
}
