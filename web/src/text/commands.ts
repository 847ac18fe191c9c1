// A line that begins with `/` is a command, and `//` sends the rest with one `/`: as in the terminal client and in line mode. The
// page has buttons instead of commands; it shows where they are, and sends nothing by accident.

export type Line =
	| { readonly kind: "say"; readonly text: string }
	| { readonly kind: "help" }
	/** `words`: where the page has the command's function, in sentences. `known`: does the command exist? */
	| { readonly kind: "command"; readonly words: string; readonly known: boolean };

export function parseLine(line: string): Line {
	if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
	if (!line.startsWith("/")) return { kind: "say", text: line };
	const name = /^\/(\S*)/u.exec(line)?.[1] ?? "";
	const meant = name.toLowerCase();
	if (meant === "help") return { kind: "help" };
	const place = PLACES.find(({ commands }) => commands.includes(meant));
	if (place !== undefined) return { kind: "command", words: place.words, known: true };
	const words =
		name === "" ? "What begins with / is a command; /help lists them." : `There is no command /${name}; /help lists them.`;
	return { kind: "command", words, known: false };
}

/** Functions of the page, and their commands in the other clients. */
export interface Place {
	readonly commands: readonly string[];
	readonly words: string;
}

export const PLACES: readonly Place[] = [
	{ commands: ["join", "create", "rooms"], words: "Rooms are found, joined and made with + beside “Rooms”." },
	{ commands: ["msg"], words: "Write to somebody with + beside “Direct messages”." },
	{ commands: ["who"], words: "“Members”, above, shows who is in the room." },
	{ commands: ["history", "more"], words: "Scroll up for what was said before." },
	{
		commands: ["invite", "rename", "leave"],
		words: "People are invited, and rooms named anew and left, under “About this room”, above.",
	},
	{
		commands: ["nick", "register", "login", "logout"],
		words: "Sign out in the account menu, below the list of rooms, and sign in again under the other name.",
	},
	{ commands: ["retry", "discard"], words: "A message that was not sent says so, with buttons to try it again or discard it." },
	{ commands: ["reconnect"], words: "The page reconnects by itself, and shows a button to do it at once." },
	{ commands: ["quit"], words: "Close the page when you like; nothing is lost by it." },
];

/** Keys. */
export const KEY_WORDS: readonly string[] = [
	"Enter sends, Shift and Enter begin a new line.",
	"Alt and ↑ or ↓ go through the rooms, / goes to this field, Esc closes what is open.",
	"A line that begins with // is said with one /.",
];
