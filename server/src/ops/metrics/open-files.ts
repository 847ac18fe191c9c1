// Each connection is an open file, and the system allows a process so many of them. A server that lets in more cannot accept any
// more, nor open its own files: so it lets in as many as there is room for.

/** Files that are no connections: database, log, listeners, workers. */
const FILES_BESIDE = 200;

/** How many connections of `connectionsMax` fit into `filesMax` open files; undefined: the system does not tell. */
export function connectionsWithin(connectionsMax: number, filesMax: number | undefined): number {
	return Math.min(connectionsMax, Math.max(1, (filesMax ?? Number.POSITIVE_INFINITY) - FILES_BESIDE));
}

/** How many open files so many connections need. */
export function filesFor(connectionsMax: number): number {
	return connectionsMax + FILES_BESIDE;
}
