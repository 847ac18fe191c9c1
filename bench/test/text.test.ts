import { expect, test } from "bun:test";
import { TEXT_BYTES, textOf, textsIn } from "../src/load/text.ts";

test("a text says its number and its moment, wherever it stands in a payload, and has always the same length", () => {
	const payload = `{"a":"${textOf(7, 1_234.5678)}"},{"b":"${textOf(999_999_999, 0)}xxx"}`;
	expect(textsIn(payload)).toEqual({ numbers: [7, 999_999_999], sentMs: [1_234.568, 0] });
	for (const n of [1, 123_456_789]) expect(textOf(n, 86_400_000)).toHaveLength(TEXT_BYTES);
});

test("a text of which a byte is another, or the end is missing, is none", () => {
	const text = textOf(7, 1_234.5);
	for (const at of [0, 5, 14, 26, 28, 60, TEXT_BYTES - 1])
		expect(textsIn(`"${text.slice(0, at)}?${text.slice(at + 1)}"`).numbers).toEqual([]);
	expect(textsIn(`"${text.slice(0, -1)}"`).numbers).toEqual([]);
});
