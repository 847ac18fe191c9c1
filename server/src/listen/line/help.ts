// Line mode's greeting and help.

export const GREETING = "- Verbatim. Choose a name: /nick NAME, then /join ROOM. /help lists all.";

export const HELP = [
	"- /nick NAME              come in as a guest, or take another name",
	"- /register NAME PASSWORD keep a name; /login NAME PASSWORD comes back to it",
	"- /join ROOM              go into a room, made if nobody has it; what you type is said there",
	"- /leave [ROOM]           leave it, or decline an invitation to it",
	"- /msg NAME TEXT          say something to one person",
	"- /history [N]            the newest N entries of the room",
	"- /who [ROOM]             who is in it",
	"- /rooms                  all rooms",
	"- /more                   the next ones, where a list did not show all",
	"- /quit                   good-bye",
	"- A line that begins with // is said with one /.",
];
