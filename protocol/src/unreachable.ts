/** Ends a dispatch over a union: an unhandled case does not compile. Throws if one occurs at run time, which is a bug. */
export function unreachable(value: never): never {
	throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
