// What must not be ends the client's process at once, with its words on the standard error output: whoever might catch it there, a
// listener or a socket, has no business to.
export function fail(cause: unknown): never {
	process.stderr.write(`${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
	process.exit(1);
}
