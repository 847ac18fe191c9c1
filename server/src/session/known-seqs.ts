// The newest notified seq of a user's membership, for the most recent rooms: a bus repeats and delays within seconds, in which
// fewer rooms change than this.

const ROOMS_MAX = 64;

export class KnownSeqs {
	/** Least recently set first. */
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
