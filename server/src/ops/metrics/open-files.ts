// Each connection is an open file, and the number of these is limited. A server at the limit could neither accept connections nor
// open its own files: so it admits as many as fit.

/** Files other than connections: database, log, listeners, workers. */
const FILES_BESIDE = 200;

/** How many of `connectionsMax` connections fit into `filesMax` open files; undefined: unknown. */
export function connectionsWithin(connectionsMax: number, filesMax: number | undefined): number {
	return Math.min(connectionsMax, Math.max(1, (filesMax ?? Number.POSITIVE_INFINITY) - FILES_BESIDE));
}

/** Open files that this many connections need. */
export function filesFor(connectionsMax: number): number {
	return connectionsMax + FILES_BESIDE;
}
