import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { createToasts, TOAST_MS, TOASTS_MAX } from "../../src/state/toasts.ts";

test("toasts disappear by themselves or when dismissed, and are bounded in number", async () => {
	const clock = new VirtualClock();
	const toasts = createToasts(clock);
	for (let i = 0; i < TOASTS_MAX + 2; i++) toasts.info(`word ${i}`);
	expect(toasts.list.value.map(({ words }) => words)).toEqual(["word 2", "word 3", "word 4", "word 5"]);
	toasts.dismiss(toasts.list.value[0]?.id ?? 0);
	expect(toasts.list.value).toHaveLength(TOASTS_MAX - 1);
	await clock.advance(TOAST_MS);
	expect(toasts.list.value).toEqual([]);
});

test("an action's refusal is shown, and the same message only once", async () => {
	const toasts = createToasts(new VirtualClock());
	expect(await toasts.guard(Promise.resolve(1))).toBe(true);
	expect(await toasts.guard(Promise.reject(new Error("no such room")))).toBe(false);
	expect(await toasts.guard(Promise.reject(new Error("no such room")))).toBe(false);
	expect(toasts.list.value.map(({ kind, words }) => [kind, words])).toEqual([["error", "No such room"]]);
});
