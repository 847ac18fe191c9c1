// How a room is written on the command line.

export const ROOM_NOTE = "ROOM is #channel (the # may be left out: it begins a comment in a shell), @user, or a room's id.";

/** Ids are made by the server: `r`, and 26 digits of its alphabet. */
const ID = /^r[0-9a-hjkmnp-tv-z]{26}$/;

/** The room as the SDK takes it. */
export function roomOf(written: string): string {
	return /^[#@]/.test(written) || ID.test(written) ? written : `#${written}`;
}
