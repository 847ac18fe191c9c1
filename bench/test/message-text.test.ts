import { expect, test } from "bun:test";
import { MESSAGE_TEXT_BYTES, messageText, parseMessageTexts } from "../src/load/message-text.ts";

test("a text says its number and its moment, wherever it stands in a payload, and has always the same length", () => {
	const payload = `{"a":"${messageText(7, 1_234.5678)}"},{"b":"${messageText(999_999_999, 0)}xxx"}`;
	expect(parseMessageTexts(payload)).toEqual({ numbers: [7, 999_999_999], sentMs: [1_234.568, 0] });
	for (const n of [1, 123_456_789]) expect(messageText(n, 86_400_000)).toHaveLength(MESSAGE_TEXT_BYTES);
});

test("a text of which a byte is another, or the end is missing, is none", () => {
	const text = messageText(7, 1_234.5);
	for (const at of [0, 5, 14, 26, 28, 60, MESSAGE_TEXT_BYTES - 1])
		expect(parseMessageTexts(`"${text.slice(0, at)}?${text.slice(at + 1)}"`).numbers).toEqual([]);
	expect(parseMessageTexts(`"${text.slice(0, -1)}"`).numbers).toEqual([]);
});
