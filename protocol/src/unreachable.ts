/** Ends a dispatch over a union: a case that nobody handles does not compile; one that arrives all the same is our bug. */
export function unreachable(value: never): never {
	throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
