// The address names a room that the user is not in: an offer to join, not a join, since any page can link to it. A room that does
// not exist is not offered to be joined.

import { useSignal } from "@preact/signals";
import { RefusedError, type RoomInfo } from "@verbatim/client";
import { nameProblem } from "@verbatim/protocol";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { findRoom } from "../state/room-search.ts";
import { roomNameProblem } from "../text/names.ts";
import { counted, errorWords } from "../text/words.ts";
import { Blank } from "./blank.tsx";
import { useApp } from "./context.ts";
import { FormError } from "./form-error.tsx";

/** What is known of the named room. `there`: it exists. `perhaps`: unknown, until the user tries. */
type Known = "looking" | "there" | "perhaps" | "missing" | RoomInfo;

export function JoinPrompt({ target }: { readonly target: string }): JSX.Element {
	const { client, session, actions, rooms } = useApp();
	const busy = useSignal(false);
	const error = useSignal("");
	const person = target.startsWith("@");
	const name = target.slice(1);
	const known = useSignal<Known>(person && nameProblem(name) !== undefined ? "missing" : "looking");
	const live = session.status.value.state === "live";

	useEffect(() => {
		if (known.peek() !== "looking" || !live) return;
		const stop = new AbortController();
		const { signal } = stop;
		const found: Promise<Known | undefined> = person
			? client.hasUser(name, { signal }).then((there) => (there ? "there" : undefined))
			: findRoom(client, name, signal).then((room) => (room === true ? "there" : room));
		found.then(
			(what) => {
				known.value = what ?? "missing";
			},
			() => {
				if (!stop.signal.aborted) known.value = "perhaps";
			},
		);
		return () => stop.abort();
	}, [client, known, live, name, person]);

	const enter = async (create: boolean): Promise<void> => {
		busy.value = true;
		error.value = "";
		try {
			// With `create`, a room that another user has created meanwhile is joined.
			const room = person ? await client.direct(name) : await client.join(target, { create });
			actions.go(room.id);
		} catch (refusal) {
			const missing = refusal instanceof RefusedError && MISSING.has(refusal.code);
			// The name is taken, by a room that is not visible to the user.
			error.value =
				missing && create ? `There is a room of this name already, which you may not see.` : missing ? "" : errorWords(refusal);
			if (missing) known.value = "missing";
		} finally {
			busy.value = false;
		}
	};

	const { words, offer } = person ? personOffer(known.value, name) : roomOffer(known.value, name);
	return (
		<Blank>
			<h1>{target}</h1>
			<p role="status">{words}</p>
			<FormError words={error.value} />
			<div class="buttons">
				{offer === undefined ? null : (
					<button type="button" class="primary" disabled={busy.value} onClick={() => void enter(known.value === "missing")}>
						{offer}
					</button>
				)}
				<button type="button" onClick={() => rooms.unwant()}>
					{offer === undefined ? "Close" : "Not now"}
				</button>
			</div>
		</Blank>
	);
}

const MISSING: ReadonlySet<string> = new Set(["no_such_room", "no_such_user", "room_taken"]);

interface Offer {
	readonly words: string;
	/** Label of the button, if there is an action. */
	readonly offer?: string;
}

function personOffer(known: Known, name: string): Offer {
	if (known === "looking") return { words: "One moment…" };
	if (known === "missing") return { words: `There is no user of the name “${name}”.` };
	return { words: `You and @${name} have no conversation yet.`, offer: `Write to @${name}` };
}

function roomOffer(known: Known, name: string): Offer {
	if (known === "looking") return { words: "One moment…" };
	if (known === "missing") {
		const problem = roomNameProblem(name);
		if (problem !== undefined) return { words: problem };
		return { words: `There is no room #${name}, or you may not see it.`, offer: `Create #${name}` };
	}
	const words = "You are not in this room yet.";
	if (typeof known === "string") return { words, offer: `Join #${name}` };
	return { words: `${words} It has ${counted(known.members, "member", "members")}.`, offer: `Join #${known.name}` };
}
