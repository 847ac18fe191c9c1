// Contract of the store for read marks, from which unread counts are computed after a reload. Losing it loses only those counts.

/** Entries up to and including `seq` were seen, in this epoch of the room's log. */
export interface Mark {
	readonly epoch: number;
	readonly seq: number;
}

export interface MarkStore {
	/** By room id. */
	load(user: string): Promise<ReadonlyMap<string, Mark>>;
	/** Replaces all marks of the user. Called at intervals, not for each mark. */
	save(user: string, marks: ReadonlyMap<string, Mark>): Promise<void>;
}
