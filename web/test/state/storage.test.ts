import { expect, test } from "bun:test";
import { type Keeper, safeKeeper } from "../../src/state/storage.ts";

function storage(): Keeper {
	const kept = new Map<string, string>();
	return {
		getItem: (key) => kept.get(key) ?? null,
		setItem: (key, text) => void kept.set(key, text),
		removeItem: (key) => void kept.delete(key),
	};
}

test("a browser that keeps nothing costs no more than the reload", () => {
	const keeper = safeKeeper(() => {
		throw new DOMException("denied", "SecurityError");
	});
	expect(keeper.getItem("a")).toBeNull();
	keeper.setItem("a", "1");
	expect(keeper.getItem("a")).toBe("1");
	keeper.removeItem("a");
	expect(keeper.getItem("a")).toBeNull();
});

test("a storage that is full keeps the old text, and the page still sees the new one", () => {
	const real = storage();
	let full = false;
	const keeper = safeKeeper(() => ({
		...real,
		setItem(key, text) {
			if (full) throw new DOMException("full", "QuotaExceededError");
			real.setItem(key, text);
		},
	}));
	keeper.setItem("a", "1");
	full = true;
	keeper.setItem("a", "2");
	expect(keeper.getItem("a")).toBe("2");
	full = false;
	keeper.setItem("a", "3");
	expect([keeper.getItem("a"), real.getItem("a")]).toEqual(["3", "3"]);
});
