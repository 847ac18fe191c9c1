// How a room is written on the command line.

export const ROOM_NOTE =
	"ROOM is #channel, @user, or a room's id. tea means #tea: a shell takes an unquoted # for the beginning of a comment.";

/** Ids are made by the server: `r`, and 26 digits of its alphabet. */
const ID = /^r[0-9a-hjkmnp-tv-z]{26}$/;

/** The room as the SDK takes it. */
export function roomOf(written: string): string {
	return /^[#@]/.test(written) || ID.test(written) ? written : `#${written}`;
}
