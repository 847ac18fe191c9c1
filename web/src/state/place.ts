// The current room as the page's address: `#tea` for a channel, `#@ann` for a direct conversation. Such an address can be shared,
// bookmarked, and returned to.

/** A room's reference as `Client.join` takes it, from the page's fragment; empty for none or a fragment that is no reference. */
export function refOfHash(hash: string): string {
	const fragment = hash.startsWith("#") ? hash.slice(1) : hash;
	let name: string;
	try {
		name = decodeURIComponent(fragment);
	} catch {
		return "";
	}
	if (name === "" || name === "@" || name.length > REF_CHARS_MAX) return "";
	return name.startsWith("@") || name.startsWith("#") ? name : `#${name}`;
}

/** The fragment, with its `#`, for a room's title (`#tea`, `@ann`). */
export function hashOfTitle(title: string): string {
	return title.startsWith("#") ? `#${encodeURIComponent(title.slice(1))}` : `#@${encodeURIComponent(title.slice(1))}`;
}

// Longer than any name: not sent to the server.
const REF_CHARS_MAX = 128;
