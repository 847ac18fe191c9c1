// Following the end of a timeline: whether the view stays there while rows are added, and the only code that writes its
// scrollTop.
//
// Only the user leaves the end. A scroll is the user's if a wheel, finger, key or pressed pointer (scroll bar, selection) came
// just before it, or if it moves up while all sizes stay the same (find in page, a screen reader). A scroll that follows from
// sizes (a composer that grows, a row that is measured) is never the user's, and is undone.
import { type ReadonlySignal, signal } from "@preact/signals";

/** Scrolling down to this distance from the end follows it again, in pixels. */
const RETURN_PX = 60;
/** Scrolling up by more than this leaves the end, in pixels: a trembling finger does not. */
const LEAVE_PX = 8;
/** A scroll within this time after a gesture, or after a scroll of the user's, is the user's: smooth wheels and momentum. */
const GESTURE_MS = 1_000;

/** A gesture causes its first movement within this time, if any. */
const SETTLE_MS = 100;

const GESTURES = ["wheel", "touchmove", "keydown"] as const;

export class Follow {
	private readonly state = signal(true);
	private box: HTMLElement | undefined;
	/** The user's last movement or gesture, by the time stamps of events. */
	private readerMs = Number.NEGATIVE_INFINITY;
	/** The user is scrolling: scrollTop is not written. */
	private moving = false;
	private pressed = false;
	private later: ReturnType<typeof setTimeout> | undefined;
	private lastTop = 0;
	private lastSizes = "";

	/** Is the view kept at the end? */
	get following(): ReadonlySignal<boolean> {
		return this.state;
	}

	/** Attaches to the scrolling element `box`; returns how to detach. */
	attach(box: HTMLElement): () => void {
		const listening = new AbortController();
		const options = { passive: true, signal: listening.signal };
		const { window } = box.ownerDocument.defaultView ?? globalThis;
		this.box = box;
		for (const type of GESTURES) box.addEventListener(type, (event) => this.gesture(event), options);
		box.addEventListener(
			"pointerdown",
			(event) => {
				this.pressed = event.pointerType === "mouse";
				this.gesture(event);
			},
			options,
		);
		// Not every browser reports the release of a scroll bar; the next movement without a button shows it.
		for (const type of ["pointerup", "pointercancel", "pointermove"] as const) {
			window.addEventListener(type, (event) => this.released(event), options);
		}
		// Before the virtualizer's listener, which may render and call `keep`.
		box.addEventListener("scroll", (event) => this.scrolled(event.timeStamp), { ...options, capture: true });
		const observer = new ResizeObserver(() => this.keep());
		observer.observe(box);
		for (const content of box.children) observer.observe(content);
		this.keep();
		return () => {
			listening.abort();
			observer.disconnect();
			clearTimeout(this.later);
			this.later = undefined;
			this.box = undefined;
		};
	}

	/** Scrolls to the end and follows it from now on. */
	toEnd(): void {
		this.moving = false;
		this.state.value = true;
		this.keep();
	}

	/** Call after rows or sizes have changed: keeps the end in view while it is followed. */
	keep(): void {
		const { box } = this;
		if (box === undefined) return;
		// The browser has scrolled already, for the user, and reports it later: writing now would undo it.
		const nowMs = performance.now();
		if (this.isGesture(nowMs) && box.scrollTop <= this.lastTop - 1) this.scrolled(nowMs);
		if (!this.state.peek() && distanceToEnd(box) <= 1) this.state.value = true;
		// Rows were added below a view that the user holds, perhaps by a scroll bar whose release is not reported yet: it is not
		// at the end.
		if (this.moving && distanceToEnd(box) > RETURN_PX) this.state.value = false;
		if (this.state.peek() && !this.moving && distanceToEnd(box) > 1) {
			// A wheel's turn moves the view some frames later, and not at all if scrollTop is written before.
			if (nowMs - this.readerMs < SETTLE_MS) this.keepLater();
			else this.put(box.scrollHeight - box.clientHeight);
		}
		this.lastSizes = sizesOf(box);
	}

	private keepLater(): void {
		this.later ??= setTimeout(() => {
			this.later = undefined;
			this.keep();
		}, SETTLE_MS);
	}

	/** Scrolling has ended. */
	rested(): void {
		if (!this.moving || this.pressed) return;
		this.moving = false;
		this.keep();
	}

	/** The offset that the virtualizer wants, to keep a row in place. */
	hold(top: number): void {
		const { box } = this;
		if (box === undefined) return;
		const following = this.state.peek() && !this.moving;
		this.put(following ? box.scrollHeight - box.clientHeight : top);
	}

	private put(top: number): void {
		const { box } = this;
		if (box === undefined) return;
		box.scrollTop = top;
		this.lastTop = box.scrollTop;
	}

	private gesture(event: Event): void {
		this.readerMs = event.timeStamp;
	}

	private isGesture(nowMs: number): boolean {
		return this.pressed || nowMs - this.readerMs < GESTURE_MS;
	}

	private released(event: PointerEvent): void {
		if (!this.pressed || (event.type === "pointermove" && event.buttons !== 0)) return;
		this.pressed = false;
		this.readerMs = event.timeStamp;
	}

	private scrolled(nowMs: number): void {
		const { box } = this;
		if (box === undefined) return;
		const moved = box.scrollTop - this.lastTop;
		const distance = distanceToEnd(box);
		const sizes = sizesOf(box);
		const sameSizes = sizes === this.lastSizes;
		this.lastTop = box.scrollTop;
		this.lastSizes = sizes;
		if (Math.abs(moved) < 1) return;
		const gesture = this.isGesture(nowMs);
		if (gesture) {
			this.readerMs = nowMs;
			this.moving = true;
		}
		if (moved > 0) {
			if (distance <= RETURN_PX) this.state.value = true;
		} else if (distance > LEAVE_PX) {
			if (gesture || sameSizes) this.state.value = false;
			else this.keep();
		}
	}
}

function distanceToEnd(box: HTMLElement): number {
	return box.scrollHeight - box.scrollTop - box.clientHeight;
}

function sizesOf(box: HTMLElement): string {
	return `${box.scrollHeight} ${box.clientHeight} ${box.clientWidth}`;
}
