// The bus of one process: a function call. A message is received in the turn and order in which it was published, as the same
// object. Nothing is buffered or lost, so following a channel does nothing. Where other processes use the same store it counts as a bus that
// does not work: what they commit is found by comparing with the store.
import type { Bus, BusMessage, BusStats } from "./bus.ts";

const NOTHING_HELD: BusStats = { held: 0, heldBytes: 0, dropped: 0 };

export class LocalBus implements Bus {
	readonly lossy: boolean;
	readonly working: boolean;
	private receive: ((message: BusMessage) => void) | undefined;

	/** `sharedStore`: other processes may commit to this node's store. */
	constructor({ sharedStore = false }: { readonly sharedStore?: boolean } = {}) {
		this.lossy = sharedStore;
		this.working = !sharedStore;
	}

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
