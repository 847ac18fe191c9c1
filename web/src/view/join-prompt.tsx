// The address names a room that one is not in: an offer, not an act, since anybody can make an address.

import { useSignal } from "@preact/signals";
import { RefusedError } from "@verbatim/client";
import type { JSX } from "preact";
import { errorWords } from "../text/words.ts";
import { Banner } from "./banner.tsx";
import { useApp } from "./context.ts";
import { DrawerButton } from "./drawer-button.tsx";

export function JoinPrompt({ target }: { readonly target: string }): JSX.Element {
	const { client, actions, rooms } = useApp();
	const busy = useSignal(false);
	const error = useSignal("");
	const missing = useSignal(false);
	const person = target.startsWith("@");

	const enter = async (create: boolean): Promise<void> => {
		busy.value = true;
		error.value = "";
		try {
			const room = person ? await client.direct(target.slice(1)) : await client.join(target, { create });
			actions.go(room.id);
		} catch (refusal) {
			error.value = errorWords(refusal);
			missing.value = refusal instanceof RefusedError && refusal.code === "no_such_room";
		} finally {
			busy.value = false;
		}
	};

	return (
		<>
			<header class="room-head">
				<DrawerButton />
			</header>
			<div class="conversation">
				<Banner />
				<div class="welcome">
					<h1>{target}</h1>
					<p>{person ? `You have not written to ${target.slice(1)} yet.` : "You are not in this room yet."}</p>
					{error.value === "" ? null : (
						<p class="form-error" role="alert">
							{error.value}
						</p>
					)}
					<div class="buttons">
						<button type="button" class="primary" disabled={busy.value} onClick={() => void enter(missing.value)}>
							{person ? "Begin a conversation" : missing.value ? `Create ${target}` : `Join ${target}`}
						</button>
						<button type="button" onClick={() => rooms.unwant()}>
							Not now
						</button>
					</div>
				</div>
			</div>
		</>
	);
}
