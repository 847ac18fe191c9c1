// Toasts: short messages about failures and successes, which disappear by themselves.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "@verbatim/client";
import { errorWords } from "../text/words.ts";

export interface Toast {
	readonly id: number;
	readonly kind: "error" | "info";
	readonly words: string;
}

export interface Toasts {
	/** Oldest first; at most `TOASTS_MAX`. */
	readonly list: ReadonlySignal<readonly Toast[]>;
	info(words: string): void;
	error(error: unknown): void;
	dismiss(id: number): void;
	/** Waits for `task`; returns whether it succeeded. A rejection is shown. */
	guard(task: Promise<unknown>): Promise<boolean>;
}

export const TOASTS_MAX = 4;
export const TOAST_MS = 8_000;

export function createToasts(clock: Clock): Toasts {
	const list = signal<readonly Toast[]>([]);
	let lastId = 0;

	const dismiss = (id: number): void => {
		list.value = list.value.filter((toast) => toast.id !== id);
	};
	const show = (kind: Toast["kind"], words: string): void => {
		const id = ++lastId;
		// The same message replaces the earlier one: a button pressed five times shows one.
		list.value = [...list.value.filter((toast) => toast.words !== words), { id, kind, words }].slice(-TOASTS_MAX);
		clock.after(TOAST_MS, () => dismiss(id));
	};
	const error = (what: unknown): void => show("error", errorWords(what));

	return {
		list,
		info: (words) => show("info", words),
		error,
		dismiss,
		async guard(task) {
			try {
				await task;
				return true;
			} catch (what) {
				error(what);
				return false;
			}
		},
	};
}
