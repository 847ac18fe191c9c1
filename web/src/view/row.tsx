// One row of the timeline.
import { Room_Kind, unreachable } from "@verbatim/protocol";
import type { JSX } from "preact";
import type { RoomModel } from "../state/room.ts";
import type { Row } from "../text/rows.ts";
import { noticeOf } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Message } from "./message.tsx";

export function RowView({ row, model }: { readonly row: Row; readonly model: RoomModel }): JSX.Element {
	switch (row.kind) {
		case "beginning":
			return <Beginning model={model} />;
		case "day":
			return <Day atMs={row.atMs} />;
		case "new":
			return (
				<div class="rule rule-new">
					<span>New</span>
				</div>
			);
		case "message":
			return <Message row={row} />;
		case "notice":
			return <Notice row={row} />;
		default:
			return unreachable(row);
	}
}

function Beginning({ model }: { readonly model: RoomModel }): JSX.Element {
	model.version.value;
	const { room } = model;
	return (
		<div class="beginning">
			<h2>{room.title}</h2>
			<p>
				{room.kind === Room_Kind.DIRECT
					? "Only the two of you read this conversation. This is where it begins."
					: "This is where the room begins."}
			</p>
		</div>
	);
}

function Day({ atMs }: { readonly atMs: number }): JSX.Element {
	const { times, minute } = useApp();
	return (
		<div class="rule">
			<span>{times.day(atMs, minute.value)}</span>
		</div>
	);
}

function Notice({ row }: { readonly row: Extract<Row, { kind: "notice" }> }): JSX.Element {
	const { times } = useApp();
	return (
		<div class="notice">
			<bdi>{noticeOf(row.entry)}</bdi>
			<time dateTime={new Date(row.entry.atMs).toISOString()} title={times.full(row.entry.atMs)}>
				{times.short(row.entry.atMs)}
			</time>
		</div>
	);
}
