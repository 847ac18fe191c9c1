// Above the oldest loaded entry: more of the log, loading or to be requested; and a skipped range.
import type { JSX } from "preact";
import type { RoomModel } from "../state/room.ts";
import { counted } from "../text/words.ts";

export function TimelineTop({ model }: { readonly model: RoomModel }): JSX.Element | null {
	model.version.value;
	const skipped = model.skipped.value;
	if (model.room.from <= 1) {
		return skipped === undefined ? null : (
			<div class="timeline-top">
				<span>{skippedWords(skipped)}</span>
			</div>
		);
	}
	const error = model.loadError.value;
	return (
		<div class="timeline-top">
			{error !== undefined ? <span class="form-error">Older messages could not be loaded. {error}</span> : null}
			{error === undefined && skipped !== undefined ? <span>{skippedWords(skipped)}</span> : null}
			{model.loading.value ? (
				<span class="hint">Loading…</span>
			) : (
				<button type="button" class="link" onClick={() => void model.loadOlder()}>
					{error === undefined ? (skipped === undefined ? "Load older messages" : "Load them") : "Try again"}
				</button>
			)}
		</div>
	);
}

function skippedWords({ from, to, reason }: { readonly from: number; readonly to: number; readonly reason: string }): string {
	return reason === "epoch"
		? "The server was restored from an earlier state; this is the room as it is now."
		: `${counted(to - from + 1, "entry", "entries")} before this came while you were away.`;
}
