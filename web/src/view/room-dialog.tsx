// What can be done with a channel: invite somebody, give it another name, leave it.

import { useSignal } from "@preact/signals";
import { LIMITS, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";

export function RoomDialog({ model }: { readonly model: RoomModel }): JSX.Element {
	const { actions, layout } = useApp();
	model.version.value;
	const { room } = model;
	const owner = room.standing === Room_Standing.OWNER;
	const secret = room.kind === Room_Kind.PRIVATE;
	return (
		<DialogFrame title={room.title}>
			<p class="hint">
				{secret ? "A private room: found and joined by invitation only." : "A public room: anybody may find and join it."}
			</p>
			{owner || !secret ? (
				<OneField label="Invite" placeholder="Name" button="Invite" act={(name) => actions.invite(room, name)} />
			) : null}
			{owner ? (
				<OneField label="New name" placeholder={room.name} button="Rename" act={(name) => actions.rename(room, name)} />
			) : null}
			<button
				type="button"
				class="danger"
				onClick={() => {
					layout.dialog.value = undefined;
					void actions.leave(room);
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
	/** Does it, and tells whether it went well. */
	readonly act: (text: string) => Promise<boolean>;
}

function OneField({ label, placeholder, button, act }: OneFieldProps): JSX.Element {
	const text = useSignal("");
	const fieldId = useId();
	const submit = async (): Promise<void> => {
		if (text.value.trim() !== "" && (await act(text.value))) text.value = "";
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
					onInput={(event) => (text.value = event.currentTarget.value)}
				/>
				<button type="submit">{button}</button>
			</div>
		</form>
	);
}
