// What was said, newest at the bottom. Only the rows near the screen exist. The view follows the end only while it is there;
// elsewhere the reader's place holds, whatever comes below or is loaded above.
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import type { Row } from "../text/rows.ts";
import { counted } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Follow } from "./follow.ts";
import { Icon } from "./icon.tsx";
import { RowView } from "./row.tsx";
import { TimelineTop } from "./timeline-top.tsx";
import { useVirtualRows } from "./virtual-rows.ts";

/** Older entries are loaded before their lack is seen: from this distance to the top on, in pixels. */
const OLDER_PX = 900;
/** What lies above the first row has this height, whatever it says, so that it moves nothing. */
const TOP_PX = 64;

export function Timeline({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout, session } = useApp();
	const scroller = useRef<HTMLDivElement>(null);
	const [follow] = useState(() => new Follow());
	const atEnd = follow.following;
	/** The newest seq that has been on the screen. */
	const shownTo = useRef(model.room.to);

	const rows = model.rows.value;
	const virtualizer = useVirtualRows({
		count: rows.length,
		getScrollElement: () => scroller.current,
		getItemKey: (index) => rows[index]?.key ?? index,
		estimateSize: (index) => heightGuess(rows[index]),
		anchorTo: "end",
		// Who is at the end is for `follow` to say, and nobody else.
		scrollEndThreshold: -1,
		scrollToFn: (offset, { adjustments = 0 }) => follow.hold(offset + adjustments),
		overscan: 12,
		paddingStart: TOP_PX,
	});

	const loadIfNear = (): void => {
		const box = scroller.current;
		if (box !== null && box.scrollTop < OLDER_PX) model.loadAhead();
	};
	// What one says oneself is always shown.
	const saidLast = model.room.pending.at(-1)?.cid;
	useLayoutEffect(() => {
		if (saidLast !== undefined) follow.toEnd();
	}, [follow, saidLast]);
	useLayoutEffect(() => (scroller.current === null ? undefined : follow.attach(scroller.current)), [follow]);
	useLayoutEffect(() => {
		if (!virtualizer.isScrolling) follow.rested();
		follow.keep();
		loadIfNear();
	});

	useSignalEffect(() => {
		model.watch(atEnd.value && layout.attended.value);
	});
	useEffect(() => () => model.watch(false), [model]);
	useSignalEffect(() => {
		if (session.status.value.state === "live" && model.loadError.peek() !== undefined) void model.loadOlder();
	});

	if (atEnd.value) shownTo.current = model.room.to;
	const below = atEnd.value ? 0 : messagesAfter(model, shownTo.current);
	const items = virtualizer.getVirtualItems();
	return (
		<div class="timeline">
			<div
				ref={scroller}
				class="timeline-scroller"
				role="log"
				aria-label={`Messages in ${model.title.value}`}
				aria-live={atEnd.value ? "polite" : "off"}
				aria-relevant="additions"
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
				tabIndex={0}
				onScroll={loadIfNear}
			>
				<div class="timeline-all" style={{ height: `${virtualizer.getTotalSize()}px` }}>
					<TimelineTop model={model} />
					<div class="timeline-shown" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
						{items.map((item) => {
							const row = rows[item.index];
							return row === undefined ? null : (
								<div key={row.key} ref={virtualizer.measureElement} data-index={item.index} data-key={row.key}>
									<RowView row={row} model={model} />
								</div>
							);
						})}
					</div>
				</div>
			</div>
			{atEnd.value ? null : (
				<button type="button" class="to-end" onClick={() => follow.toEnd()}>
					<Icon name="down" />
					{below > 0 ? counted(below, "new message", "new messages") : "To the end"}
				</button>
			)}
		</div>
	);
}

function messagesAfter({ room }: RoomModel, seq: number): number {
	let count = 0;
	for (let at = room.timeline.length - 1; at >= 0; at--) {
		const entry = room.timeline[at];
		if (entry === undefined || entry.seq <= seq) break;
		if (entry.body.case === "message") count++;
	}
	return count;
}

/** Before a row is measured: near enough that the scroll bar does not jump. */
function heightGuess(row: Row | undefined): number {
	if (row?.kind !== "message") return row?.kind === "beginning" ? 120 : 36;
	const lines = Math.max(1, Math.ceil(row.text.length / 90), row.text.split("\n").length);
	return lines * 22 + (row.leads ? 34 : 4);
}
