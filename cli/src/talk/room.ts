// Room arguments of the command line.

export const ROOM_NOTE =
	"ROOM is #channel, @user, or a room's id. tea means #tea: a shell takes an unquoted # for the beginning of a comment.";

/** Room ids: `r` and 26 Crockford base32 digits. */
const ID = /^r[0-9a-hjkmnp-tv-z]{26}$/;

/** The argument as a reference for the SDK. */
export function roomOf(written: string): string {
	return /^[#@]/.test(written) || ID.test(written) ? written : `#${written}`;
}
