// The names of channels. `cluster` is kept with the data, so that clusters that share one Redis are separate.
export interface Channels {
	/** Read by every node: beats and presence. */
	readonly nodes: string;
	readonly beats: string;
	room(id: string): string;
	user(id: string): string;
}

export function channelsOf(cluster: string): Channels {
	const prefix = `verbatim:${cluster}`;
	return {
		nodes: `${prefix}:nodes`,
		beats: `${prefix}:beats`,
		room: (id) => `${prefix}:room:${id}`,
		user: (id) => `${prefix}:user:${id}`,
	};
}
