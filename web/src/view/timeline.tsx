// The timeline, newest at the bottom, as a virtual list. The view follows the end only while it is there; elsewhere the scroll
// position holds, whatever is added below or loaded above.
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

/** Older entries are loaded early: from this distance to the top, in pixels. */
const OLDER_PX = 900;
/** The part above the first row has this height, whatever its text, so that nothing moves. */
const TOP_PX = 64;

export function Timeline({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout, session } = useApp();
	const scroller = useRef<HTMLDivElement>(null);
	const [follow] = useState(() => new Follow());
	const atEnd = follow.following;
	/** The newest seq that was visible. */
	const shownTo = useRef(model.room.to);

	const rows = model.rows.value;
	const virtualizer = useVirtualRows({
		count: rows.length,
		getScrollElement: () => scroller.current,
		getItemKey: (index) => rows[index]?.key ?? index,
		estimateSize: (index) => heightGuess(rows[index]),
		anchorTo: "end",
		// Only `follow` decides whether the view is at the end.
		scrollEndThreshold: -1,
		scrollToFn: (offset, { adjustments = 0 }) => follow.hold(offset + adjustments),
		overscan: 12,
		paddingStart: TOP_PX,
	});

	const loadIfNear = (): void => {
		const box = scroller.current;
		if (box !== null && box.scrollTop < OLDER_PX) model.loadAhead();
	};
	// The user's own messages are always shown.
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

/** Estimate before a row is measured: near enough that the scroll bar does not jump. */
function heightGuess(row: Row | undefined): number {
	if (row?.kind !== "message") return row?.kind === "beginning" ? 120 : 36;
	const lines = Math.max(1, Math.ceil(row.text.length / 90), row.text.split("\n").length);
	return lines * 22 + (row.leads ? 34 : 4);
}
