// The newest seq by room of what was notified of a user's membership. A bus repeats and delays by seconds, not by as many rooms as these.

const ROOMS_MAX = 64;

export class KnownSeqs {
	/** The longest not set first. */
	private readonly byRoom = new Map<string, number>();

	get(room: string): number | undefined {
		return this.byRoom.get(room);
	}

	set(room: string, seq: number): void {
		this.byRoom.delete(room);
		this.byRoom.set(room, seq);
		if (this.byRoom.size <= ROOMS_MAX) return;
		for (const oldest of this.byRoom.keys()) {
			this.byRoom.delete(oldest);
			return;
		}
	}
}
