// What was said, newest at the bottom. Only the rows near the screen exist. The view follows the end only while it is there;
// elsewhere the reader's place holds, whatever comes below or is loaded above.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { RoomModel } from "../state/room.ts";
import type { Row } from "../text/rows.ts";
import { counted } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { RowView } from "./row.tsx";
import { TimelineTop } from "./timeline-top.tsx";
import { useVirtualRows } from "./virtual-rows.ts";

/** Nearer than this to the bottom is at the end, in pixels. */
const END_PX = 60;
/** Older entries are loaded before their lack is seen: from this distance to the top on, in pixels. */
const OLDER_PX = 900;
/** What lies above the first row has this height, whatever it says, so that it moves nothing. */
const TOP_PX = 64;

export function Timeline({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout, session } = useApp();
	const scroller = useRef<HTMLDivElement>(null);
	const atEnd = useSignal(true);
	/** The newest seq that has been on the screen. */
	const shownTo = useRef(model.room.to);
	const lastTop = useRef(0);

	const rows = model.rows.value;
	const virtualizer = useVirtualRows({
		count: rows.length,
		getScrollElement: () => scroller.current,
		getItemKey: (index) => rows[index]?.key ?? index,
		estimateSize: (index) => heightGuess(rows[index]),
		anchorTo: "end",
		followOnAppend: true,
		scrollEndThreshold: END_PX,
		overscan: 12,
		paddingStart: TOP_PX,
	});

	const loadIfNear = (): void => {
		const box = scroller.current;
		if (box !== null && box.scrollTop < OLDER_PX) model.loadAhead();
	};
	// Only a reader who scrolls up leaves the end: rows and window may change their sizes as they like.
	const onScroll = (): void => {
		const box = scroller.current;
		if (box === null) return;
		if (box.scrollHeight - box.scrollTop - box.clientHeight <= END_PX) atEnd.value = true;
		else if (box.scrollTop < lastTop.current) atEnd.value = false;
		lastTop.current = box.scrollTop;
		loadIfNear();
	};
	const toEnd = (): void => {
		atEnd.value = true;
		virtualizer.scrollToEnd();
	};

	// What one says oneself is always shown.
	const saidLast = model.room.pending.at(-1)?.cid;
	useLayoutEffect(() => {
		if (saidLast !== undefined) toEnd();
	}, [saidLast]);
	useLayoutEffect(() => {
		if (atEnd.peek()) pinToEnd(scroller.current);
		loadIfNear();
	});
	useLayoutEffect(() => {
		const box = scroller.current;
		if (box === null) return;
		// The window, the composer, an on-screen keyboard or a row takes room: the end stays in view for whoever was there.
		const observer = new ResizeObserver(() => {
			if (atEnd.peek()) pinToEnd(box);
		});
		observer.observe(box);
		for (const content of box.children) observer.observe(content);
		return () => observer.disconnect();
	}, [atEnd]);

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
				onScroll={onScroll}
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
				<button type="button" class="to-end" onClick={toEnd}>
					<Icon name="down" />
					{below > 0 ? counted(below, "new message", "new messages") : "To the end"}
				</button>
			)}
		</div>
	);
}

function pinToEnd(box: HTMLElement | null): void {
	if (box !== null && box.scrollHeight - box.scrollTop - box.clientHeight > 1) box.scrollTop = box.scrollHeight;
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
