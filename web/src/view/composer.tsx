// The composer: Enter sends, Shift and Enter begin a new line. The text stays in the field until the SDK has taken it.

import { useSignal } from "@preact/signals";
import { LIMITS } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import { parseLine } from "../text/commands.ts";
import { counted, errorWords } from "../text/words.ts";
import { type CommandLine, CommandNotice } from "./command-notice.tsx";
import { FormError } from "./form-error.tsx";
import { Icon } from "./icon.tsx";

export function Composer({ model }: { readonly model: RoomModel }): JSX.Element {
	const field = useRef<HTMLTextAreaElement>(null);
	const error = useSignal("");
	const draft = model.draft.value;
	/** The line that was not sent, because it is a command. */
	const command = useSignal<CommandLine | undefined>(undefined);
	const left = LIMITS.textBytesMax - byteLength(draft);
	const sendable = draft.trim() !== "" && left >= 0;

	useEffect(() => {
		// Not on a touch screen, where the keyboard would cover the messages.
		if (window.matchMedia("(hover: hover)").matches) field.current?.focus();
	}, []);

	const say = (): void => {
		if (!sendable) return;
		const line = parseLine(draft.trimEnd());
		if (line.kind === "say") {
			send(line.text);
			return;
		}
		command.value = line;
		// The notice is no longer needed.
		if (line.kind === "help") model.setDraft("");
	};
	const send = (text: string): void => {
		command.value = undefined;
		try {
			model.say(text);
			error.value = "";
		} catch (refusal) {
			error.value = errorWords(refusal);
		}
	};

	return (
		<form
			class="composer"
			onSubmit={(event) => {
				event.preventDefault();
				say();
				field.current?.focus();
			}}
		>
			<FormError words={error.value} />
			{command.value === undefined ? null : (
				<CommandNotice
					line={command.value}
					onSay={() => send(draft.trimEnd())}
					onClose={() => {
						command.value = undefined;
						field.current?.focus();
					}}
				/>
			)}
			<div class="composer-field">
				<div class="composer-grow" data-text={draft}>
					<textarea
						id="composer"
						ref={field}
						rows={1}
						aria-label={`Message to ${model.title.value}`}
						placeholder={`Message ${model.title.value}`}
						value={draft}
						enterkeyhint="send"
						onInput={(event) => {
							error.value = "";
							command.value = undefined;
							const { value } = event.currentTarget;
							model.setDraft(value);
							if (value !== "" && parseLine(value).kind === "say") model.room.sendTyping();
						}}
						onKeyDown={(event) => {
							if (event.key === "Escape" && command.value !== undefined) {
								event.preventDefault();
								command.value = undefined;
							}
							// While an input method composes, Enter selects its word.
							if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing) return;
							event.preventDefault();
							say();
						}}
					/>
				</div>
				{left < COUNT_FROM ? (
					<output class={left < 0 ? "composer-left over" : "composer-left"}>
						{left < 0 ? `${counted(-left, "byte", "bytes")} too long` : `${counted(left, "byte", "bytes")} left`}
					</output>
				) : null}
				<button type="submit" class="composer-send" aria-label="Send" disabled={!sendable}>
					<Icon name="send" />
				</button>
			</div>
		</form>
	);
}

/** From here on the remaining length is shown, in bytes. */
const COUNT_FROM = 1_024;
const encoder = new TextEncoder();

function byteLength(text: string): number {
	return text.length * 3 + COUNT_FROM < LIMITS.textBytesMax ? text.length : encoder.encode(text).length;
}
