// Actions on a channel: invite a user, rename it, leave it.

import { useSignal } from "@preact/signals";
import { LIMITS, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import { bareName, roomNameProblem } from "../text/names.ts";
import { errorWords } from "../text/words.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";
import { FormError } from "./form-error.tsx";

export function RoomDialog({ model }: { readonly model: RoomModel }): JSX.Element {
	const { actions, layout } = useApp();
	model.version.value;
	const { room } = model;
	const owner = room.standing === Room_Standing.OWNER;
	const secret = room.kind === Room_Kind.PRIVATE;
	return (
		<DialogFrame title={room.title} onClose={() => (layout.dialog.value = undefined)}>
			<p class="hint">
				{secret ? "A private room: found and joined by invitation only." : "A public room: anybody may find and join it."}
			</p>
			{owner || !secret ? (
				<OneField label="Invite" placeholder="Name" button="Invite" act={(name) => actions.invite(room, name)} />
			) : null}
			{owner ? (
				<OneField
					label="New name"
					placeholder={room.name}
					button="Rename"
					act={(name) => actions.rename(room, name)}
					problem={(name) => roomNameProblem(bareName(name))}
				/>
			) : null}
			<button
				type="button"
				class="danger"
				onClick={() => {
					layout.dialog.value = undefined;
					actions.leave(room);
				}}
			>
				Leave {room.title}
			</button>
		</DialogFrame>
	);
}

interface OneFieldProps {
	readonly label: string;
	readonly placeholder: string;
	readonly button: string;
	/** Does it; rejects with the refusal. */
	readonly act: (text: string) => Promise<void>;
	/** Why the text is invalid, checked before it is sent. */
	readonly problem?: (text: string) => string | undefined;
}

function OneField({ label, placeholder, button, act, problem }: OneFieldProps): JSX.Element {
	const text = useSignal("");
	const error = useSignal("");
	const busy = useSignal(false);
	const fieldId = useId();
	const submit = async (): Promise<void> => {
		if (busy.value || text.value.trim() === "") return;
		error.value = problem?.(text.value) ?? "";
		if (error.value !== "") return;
		busy.value = true;
		try {
			await act(text.value);
			text.value = "";
		} catch (refusal) {
			error.value = errorWords(refusal);
		} finally {
			busy.value = false;
		}
	};
	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				void submit();
			}}
		>
			<label for={fieldId}>{label}</label>
			<div class="one-field">
				<input
					id={fieldId}
					value={text.value}
					placeholder={placeholder}
					maxLength={LIMITS.nameCharsMax + 1}
					autocomplete="off"
					autocapitalize="none"
					spellcheck={false}
					onInput={(event) => {
						text.value = event.currentTarget.value;
						error.value = "";
					}}
				/>
				<button type="submit">{button}</button>
			</div>
			<FormError words={error.value} />
		</form>
	);
}
