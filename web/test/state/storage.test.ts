import { expect, test } from "bun:test";
import { safeStorage, type TextStorage } from "../../src/state/storage.ts";

function memoryStorage(): TextStorage {
	const kept = new Map<string, string>();
	return {
		getItem: (key) => kept.get(key) ?? null,
		setItem: (key, text) => void kept.set(key, text),
		removeItem: (key) => void kept.delete(key),
	};
}

test("without storage the page works until the reload", () => {
	const storage = safeStorage(() => {
		throw new DOMException("denied", "SecurityError");
	});
	expect(storage.getItem("a")).toBeNull();
	storage.setItem("a", "1");
	expect(storage.getItem("a")).toBe("1");
	storage.removeItem("a");
	expect(storage.getItem("a")).toBeNull();
});

test("full storage keeps the old text, and the page still reads the new one", () => {
	const real = memoryStorage();
	let full = false;
	const storage = safeStorage(() => ({
		...real,
		setItem(key, text) {
			if (full) throw new DOMException("full", "QuotaExceededError");
			real.setItem(key, text);
		},
	}));
	storage.setItem("a", "1");
	full = true;
	storage.setItem("a", "2");
	expect(storage.getItem("a")).toBe("2");
	full = false;
	storage.setItem("a", "3");
	expect([storage.getItem("a"), real.getItem("a")]).toEqual(["3", "3"]);
});
