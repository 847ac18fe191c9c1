// The bus of one process: a function call. A message is received in the turn and order in which it was published, as the same
// object. Nothing is buffered or lost, so following a channel does nothing.
import type { Bus, BusMessage, BusStats } from "./bus.ts";

const NOTHING_HELD: BusStats = { held: 0, heldBytes: 0, dropped: 0 };

export class LocalBus implements Bus {
	readonly lossy = false;
	readonly working = true;
	private receive: ((message: BusMessage) => void) | undefined;

	publish(message: BusMessage): void {
		this.receive?.(message);
	}

	listen(receive: (message: BusMessage) => void): void {
		this.receive = receive;
	}

	followRoom(): void {}
	unfollowRoom(): void {}
	followUser(): void {}
	unfollowUser(): void {}

	stats(): BusStats {
		return NOTHING_HELD;
	}

	close(): void {
		this.receive = undefined;
	}
}
