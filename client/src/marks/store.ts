// The contract of the place where it is kept what one has seen, so that unread counts outlive a reload. Losing it costs
// nothing but those counts.

/** Seen up to and including `seq`, in this incarnation of the room's log. */
export interface Mark {
	readonly epoch: number;
	readonly seq: number;
}

export interface MarkStore {
	/** By room id. */
	load(user: string): Promise<ReadonlyMap<string, Mark>>;
	/** All marks of the user, in place of those before. Called now and then, not for each mark. */
	save(user: string, marks: ReadonlyMap<string, Mark>): Promise<void>;
}
