// Signing in: a name is enough; a password keeps the name for good.

import { useSignal } from "@preact/signals";
import type { Credential } from "@verbatim/client";
import { LIMITS } from "@verbatim/protocol";
import type { JSX, TargetedSubmitEvent } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { errorWords } from "../text/words.ts";
import { Banner } from "./banner.tsx";
import { useApp } from "./context.ts";
import { FormError } from "./form-error.tsx";
import { Mark } from "./mark.tsx";

type Way = "guest" | "login" | "register";

const WAYS: readonly { readonly way: Way; readonly tab: string; readonly button: string; readonly words: string }[] = [
	{ way: "guest", tab: "Guest", button: "Enter", words: "A name is enough. It is yours as long as you use it in this browser." },
	{ way: "login", tab: "Log in", button: "Log in", words: "Welcome back." },
	{ way: "register", tab: "Register", button: "Register", words: "A password keeps your name for you, on every device." },
];

/** `why`: the refusal that ended the last session, if there was one. */
export function SignIn({ why }: { readonly why?: string }): JSX.Element {
	const { session } = useApp();
	const way = useSignal<Way>("guest");
	const busy = useSignal(false);
	const error = useSignal(why);
	const nameId = useId();
	const passwordId = useId();
	const cancel = useRef(() => {});
	const nameField = useRef<HTMLInputElement>(null);
	useEffect(() => nameField.current?.focus(), []);

	const shown = WAYS.find((one) => one.way === way.value) ?? WAYS[0];
	const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
		event.preventDefault();
		if (busy.value) return;
		const fields = new FormData(event.currentTarget);
		const control = new AbortController();
		cancel.current = () => control.abort();
		busy.value = true;
		error.value = undefined;
		try {
			const credential = credentialOf(way.value, String(fields.get("name")), String(fields.get("password") ?? ""));
			await session.signIn(credential, control.signal);
		} catch (refusal) {
			if (!control.signal.aborted) error.value = errorWords(refusal);
			nameField.current?.focus();
		} finally {
			busy.value = false;
		}
	};

	return (
		<main class="sign-in">
			<div class="sign-in-card">
				<header>
					<Mark />
					<h1>Verbatim</h1>
				</header>
				<fieldset class="tabs" aria-label="How to sign in">
					{WAYS.map((one) => (
						<button
							key={one.way}
							type="button"
							aria-pressed={one.way === way.value}
							onClick={() => {
								way.value = one.way;
								error.value = undefined;
							}}
						>
							{one.tab}
						</button>
					))}
				</fieldset>
				<form onSubmit={(event) => void submit(event)}>
					<p class="hint">{shown?.words}</p>
					<label for={nameId}>Name</label>
					<input
						id={nameId}
						ref={nameField}
						name="name"
						required
						maxLength={LIMITS.nameCharsMax}
						autocomplete="username"
						autocapitalize="none"
						spellcheck={false}
					/>
					{way.value === "guest" ? null : (
						<>
							<label for={passwordId}>Password</label>
							<input
								id={passwordId}
								name="password"
								type="password"
								required
								minLength={way.value === "register" ? PASSWORD_CHARS_MIN : undefined}
								maxLength={LIMITS.passwordCharsMax}
								autocomplete={way.value === "register" ? "new-password" : "current-password"}
							/>
						</>
					)}
					<FormError words={error.value} />
					<button type="submit" class="primary" disabled={busy.value}>
						{busy.value ? "One moment…" : shown?.button}
					</button>
				</form>
				{busy.value ? <Waiting onCancel={() => cancel.current()} /> : null}
			</div>
			<p class="sign-in-promise">What is said here arrives word for word, once, in order, with nothing missing.</p>
		</main>
	);
}

/** What the form waits for, once it takes long: the server is unreachable, or asks to come again later. */
function Waiting({ onCancel }: { readonly onCancel: () => void }): JSX.Element | null {
	const { session } = useApp();
	const status = session.status.value;
	if (status.state !== "waiting" && (status.state !== "connecting" || status.attempt <= 1)) return null;
	return (
		<div class="sign-in-waiting">
			<Banner />
			<button type="button" onClick={onCancel}>
				Cancel
			</button>
		</div>
	);
}

// As in the server's message for `password_weak`.
const PASSWORD_CHARS_MIN = 8;

function credentialOf(way: Way, name: string, password: string): Credential {
	const trimmed = name.trim();
	switch (way) {
		case "guest":
			return { guest: trimmed };
		case "login":
			return { login: { name: trimmed, password } };
		case "register":
			return { register: { name: trimmed, password } };
	}
}
