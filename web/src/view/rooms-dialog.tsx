// Finding, joining and creating rooms: the typed text filters the list, and can become a room.

import { useSignal } from "@preact/signals";
import { LIMITS } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect, useId, useMemo } from "preact/hooks";
import { createRoomSearch } from "../state/room-search.ts";
import { bareName, roomNameProblem, sameRoomName } from "../text/names.ts";
import { errorWords } from "../text/words.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";
import { FormError } from "./form-error.tsx";
import { FoundRooms } from "./found-rooms.tsx";

export function RoomsDialog(): JSX.Element {
	const { client, actions, layout, session } = useApp();
	const search = useMemo(() => createRoomSearch(client), [client]);
	const filter = useSignal("");
	const live = session.status.value.state === "live";
	const secret = useSignal(false);
	const busy = useSignal(false);
	const error = useSignal("");
	const filterId = useId();
	useEffect(() => () => search.stop(), [search]);
	useEffect(() => {
		// The first page, or after a failure the failed one.
		if (live) search.more();
	}, [search, live]);

	const name = bareName(filter.value);
	const known = search.rooms.value;
	const complete = search.complete.value;
	const named = search.named.value;
	const found = useMemo(() => {
		const part = name.toLocaleLowerCase();
		return known.filter((room) => room.name.toLocaleLowerCase().includes(part));
	}, [known, name]);
	const exact = found.find((room) => sameRoomName(room.name, name));
	const problem = name === "" || exact !== undefined ? undefined : roomNameProblem(name);
	const isAsked = name !== "" && exact === undefined && problem === undefined && !complete;
	useEffect(() => {
		if (isAsked && live) search.ask(name);
	}, [search, isAsked, live, name]);
	/** It exists, beyond what is loaded. */
	const hidden = isAsked && named?.name === name && named.there;
	// Only when it is known that no room has this name.
	const free = name !== "" && exact === undefined && (complete || (named?.name === name && !named.there));
	const creatable = free && problem === undefined;
	const loading = !complete && (known.length === 0 || name !== "");

	const again = (): void => {
		search.more();
		if (isAsked) search.ask(name);
	};
	const submit = async (): Promise<void> => {
		if (busy.value) return;
		if (exact !== undefined) {
			void actions.join(exact.id);
		} else if (hidden) {
			void actions.join(`#${name}`);
		} else if (creatable) {
			busy.value = true;
			try {
				await actions.create(name, { private: secret.value });
			} catch (refusal) {
				error.value = errorWords(refusal);
			} finally {
				busy.value = false;
			}
		}
	};

	return (
		<DialogFrame title="Rooms" onClose={() => (layout.dialog.value = undefined)}>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					void submit();
				}}
			>
				<label for={filterId}>Find a room, or name a new one</label>
				<input
					id={filterId}
					value={filter.value}
					maxLength={LIMITS.nameCharsMax + 1}
					autocomplete="off"
					autocapitalize="none"
					spellcheck={false}
					onInput={(event) => {
						filter.value = event.currentTarget.value;
						error.value = "";
					}}
				/>
				<FoundRooms rooms={found} complete={complete} loaded={known} onEnd={search.more}>
					{loading && found.length === 0 ? <p class="hint">{waitingWords(live, search.failed.value)}</p> : null}
					{loading && live && search.failed.value !== "" ? (
						<button type="button" class="link" onClick={again}>
							Try again
						</button>
					) : null}
					{complete && found.length === 0 ? (
						<p class="hint">{name === "" ? "There is no room yet. Name the first one." : `No room is called ${name}.`}</p>
					) : null}
				</FoundRooms>
				{hidden ? (
					<button type="submit" class="primary">
						Join #{name}
					</button>
				) : null}
				{creatable ? (
					<div class="create">
						<label class="check">
							<input type="checkbox" checked={secret.value} onChange={(event) => (secret.value = event.currentTarget.checked)} />
							Private: found and joined by invitation only
						</label>
						<FormError words={error.value} />
						<button type="submit" class="primary" disabled={busy.value}>
							Create #{name}
						</button>
					</div>
				) : null}
				{problem === undefined || !free ? null : (
					<p class="hint" role="status">
						{problem}
					</p>
				)}
			</form>
		</DialogFrame>
	);
}

function waitingWords(live: boolean, failed: string): string {
	if (failed !== "") return `The rooms could not be listed. ${failed}`;
	return live ? "One moment…" : "Not connected.";
}
