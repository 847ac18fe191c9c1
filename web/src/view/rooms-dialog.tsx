// Finding, joining and creating rooms, in one place: what is typed filters the list, and can become a room of its own.

import { useSignal } from "@preact/signals";
import type { RoomInfo } from "@verbatim/client";
import { LIMITS, Room_Kind } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect, useId } from "preact/hooks";
import { bareName, roomNameProblem, sameRoomName } from "../text/names.ts";
import { counted, errorWords } from "../text/words.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";
import { Icon } from "./icon.tsx";

export function RoomsDialog(): JSX.Element {
	const { client, actions, layout, session } = useApp();
	const known = useSignal<readonly RoomInfo[] | undefined>(undefined);
	const filter = useSignal("");
	/** Why the list could not be had; it is asked for again when the connection is there again. */
	const failed = useSignal("");
	const live = session.status.value.state === "live";
	const secret = useSignal(false);
	const busy = useSignal(false);
	const error = useSignal("");
	const filterId = useId();

	useEffect(() => {
		if (!live || known.peek() !== undefined) return;
		const stop = new AbortController();
		client.listRooms({ signal: stop.signal }).then(
			(rooms) => {
				known.value = rooms.filter((room) => room.kind !== Room_Kind.DIRECT);
			},
			(refusal: unknown) => {
				if (!stop.signal.aborted) failed.value = errorWords(refusal);
			},
		);
		return () => stop.abort();
	}, [client, live, known, failed]);

	const name = bareName(filter.value);
	const found = known.value?.filter((room) => room.name.toLocaleLowerCase().includes(name.toLocaleLowerCase()));
	const exact = found?.find((room) => sameRoomName(room.name, name));
	// Only when it is known that nobody has a room of this name.
	const free = name !== "" && known.value !== undefined && exact === undefined;
	const problem = free ? roomNameProblem(name) : undefined;
	const creatable = free && problem === undefined;

	const submit = async (): Promise<void> => {
		if (busy.value) return;
		if (exact !== undefined) {
			void actions.join(exact.id);
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
				<ul class="found">
					{found?.map((room) => (
						<FoundRoom key={room.id} room={room} />
					))}
					{known.value === undefined ? (
						<li class="hint">
							{failed.value !== "" ? `The rooms could not be listed. ${failed.value}` : live ? "One moment…" : "Not connected."}
						</li>
					) : null}
					{found?.length === 0 ? (
						<li class="hint">{name === "" ? "There is no room yet. Name the first one." : `No room is called ${name}.`}</li>
					) : null}
				</ul>
				{creatable ? (
					<div class="create">
						<label class="check">
							<input type="checkbox" checked={secret.value} onChange={(event) => (secret.value = event.currentTarget.checked)} />
							Private: found and joined by invitation only
						</label>
						{error.value === "" ? null : (
							<p class="form-error" role="alert">
								{error.value}
							</p>
						)}
						<button type="submit" class="primary" disabled={busy.value}>
							Create #{name}
						</button>
					</div>
				) : null}
				{problem === undefined ? null : (
					<p class="hint" role="status">
						{problem}
					</p>
				)}
			</form>
		</DialogFrame>
	);
}

function FoundRoom({ room }: { readonly room: RoomInfo }): JSX.Element {
	const { client, actions } = useApp();
	const inside = client.rooms.has(room.id);
	return (
		<li>
			<Icon name={room.kind === Room_Kind.PRIVATE ? "lock" : "tag"} />
			<span class="room-name">{room.name}</span>
			<span class="room-facts">{counted(room.members, "member", "members")}</span>
			<button
				type="button"
				aria-label={`${inside ? "Open" : "Join"} #${room.name}`}
				onClick={() => (inside ? actions.go(room.id) : void actions.join(room.id))}
			>
				{inside ? "Open" : "Join"}
			</button>
		</li>
	);
}
