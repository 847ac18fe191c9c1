// Beginning a direct conversation by name.

import { useSignal } from "@preact/signals";
import { LIMITS } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { errorWords } from "../text/words.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";
import { FormError } from "./form-error.tsx";

export function DirectDialog(): JSX.Element {
	const { client, actions, layout } = useApp();
	const name = useSignal("");
	const busy = useSignal(false);
	const error = useSignal("");
	const fieldId = useId();

	const begin = async (): Promise<void> => {
		busy.value = true;
		error.value = "";
		try {
			const room = await client.direct(name.value.trim().replace(/^@/u, ""));
			actions.go(room.id);
		} catch (refusal) {
			error.value = errorWords(refusal);
		} finally {
			busy.value = false;
		}
	};

	return (
		<DialogFrame title="New direct message" onClose={() => (layout.dialog.value = undefined)}>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					void begin();
				}}
			>
				<label for={fieldId}>To whom?</label>
				<input
					id={fieldId}
					required
					value={name.value}
					placeholder="Name"
					maxLength={LIMITS.nameCharsMax + 1}
					autocomplete="off"
					autocapitalize="none"
					spellcheck={false}
					onInput={(event) => (name.value = event.currentTarget.value)}
				/>
				<FormError words={error.value} />
				<button type="submit" class="primary" disabled={busy.value}>
					Begin
				</button>
			</form>
		</DialogFrame>
	);
}
