// What a session waits for: a hello in time, a heartbeat, the end of its token, a reader that takes at least something. Each
// that does not come ends it, by name.
import type { CloseName, Timing } from "@verbatim/protocol";
import type { Cancel, Clock } from "../clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Wheel } from "./wheel.ts";

/** What the vigil needs of its session. */
export interface VigilPort {
	end(why: CloseName, reason?: string): void;
	ping(nonce: number, intervalMs: number): void;
	/** Is something held that the peer has not taken? */
	readonly clogged: boolean;
	/** Grows whenever the peer takes something. */
	progress(): number;
}

export interface VigilParts {
	readonly clock: Pick<Clock, "now" | "monotonic">;
	readonly wheel: Wheel;
	readonly timing: Timing;
}

export class Vigil {
	readonly heartbeat: Heartbeat;
	private readonly port: VigilPort;
	private readonly parts: VigilParts;
	private handshake: Cancel | undefined;
	private beat: Cancel | undefined;
	private expiry: Cancel | undefined;
	private stall: Cancel | undefined;

	/** Waits for the hello from now on. */
	constructor(port: VigilPort, parts: VigilParts) {
		this.port = port;
		this.parts = parts;
		this.heartbeat = new Heartbeat(parts.timing);
		this.handshake = parts.wheel.after(parts.timing.handshakeMs, () => port.end("late", "no hello in time"));
	}

	welcomed(): void {
		this.handshake?.();
		this.handshake = undefined;
	}

	/** Pings, each time after the interval that the link needs. */
	keepBeating(): void {
		const { clock, wheel } = this.parts;
		this.beat = wheel.after(this.heartbeat.intervalMs, () => {
			const action = this.heartbeat.tick(clock.monotonic());
			if (action.do === "give up") {
				this.port.end("silent");
				return;
			}
			this.port.ping(action.nonce, action.intervalMs);
			this.keepBeating();
		});
	}

	/** The identity holds until then (wall clock, ms); undefined: for ever. */
	expireAt(expiresMs: number | undefined): void {
		this.expiry?.();
		this.expiry = undefined;
		if (expiresMs === undefined) return;
		const leftMs = expiresMs - this.parts.clock.now();
		this.expiry = this.parts.wheel.after(Math.max(0, leftMs), () => this.port.end("expired"));
	}

	/** A reader that takes nothing at all for `stalledMs` is closed as slow; its cursor keeps its place. */
	watchStall(): void {
		if (this.stall !== undefined) return;
		const before = this.port.progress();
		this.stall = this.parts.wheel.after(this.parts.timing.stalledMs, () => {
			this.stall = undefined;
			const progress = this.port.progress() > before;
			if (!this.port.clogged) return;
			if (progress) this.watchStall();
			else this.port.end("slow");
		});
	}

	flowing(): void {
		this.stall?.();
		this.stall = undefined;
	}

	stop(): void {
		this.handshake?.();
		this.beat?.();
		this.expiry?.();
		this.stall?.();
	}
}
