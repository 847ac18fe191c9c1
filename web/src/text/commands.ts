// What begins with `/` is a command, and `//` says the rest with one `/`: as in the terminal client and in line mode. The page has buttons
// instead of commands; it says where, and publishes nothing by accident.

export type Line =
	| { readonly kind: "say"; readonly text: string }
	/** `words`: where the page has what the command does elsewhere, in sentences. */
	| { readonly kind: "command"; readonly words: string };

export function parseLine(line: string): Line {
	if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
	if (!line.startsWith("/")) return { kind: "say", text: line };
	const name = /^\/(\S*)/u.exec(line)?.[1] ?? "";
	const known = COMMANDS.get(name.toLowerCase());
	return {
		kind: "command",
		words: known ?? (name === "" ? "What begins with / is a command." : `There is no command /${name}.`),
	};
}

const ROOMS = "Rooms are found, joined and made with + beside “Rooms”.";
const ABOUT = "Rooms are named anew and left, and people invited, under “About this room”, above.";
const ACCOUNT = "Sign out in the account menu, below the list of rooms; then sign in as anybody.";
const FAILED = "A message that was not sent says so, with buttons to try it again or discard it.";

const COMMANDS: ReadonlyMap<string, string> = new Map([
	[
		"help",
		"Enter sends, Shift and Enter begin a new line. Alt and ↑ or ↓ go through the rooms, / goes to this field, Esc closes what is open.",
	],
	["join", ROOMS],
	["create", ROOMS],
	["rooms", ROOMS],
	["msg", "Write to somebody with + beside “Direct messages”."],
	["who", "“Members”, above, shows who is in the room."],
	["history", "Scroll up for what was said before."],
	["invite", ABOUT],
	["rename", ABOUT],
	["leave", ABOUT],
	["nick", ACCOUNT],
	["register", ACCOUNT],
	["login", ACCOUNT],
	["logout", ACCOUNT],
	["quit", "Close the page when you like; nothing is lost by it."],
	["retry", FAILED],
	["discard", FAILED],
	["reconnect", "The page reconnects by itself, and shows a button to do it at once."],
]);
