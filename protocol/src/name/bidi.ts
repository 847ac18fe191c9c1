// The Bidi Rule (RFC 5893 section 2) for names: right-to-left or left-to-right, never both, so that a name cannot reorder the text around
// it. The runtime has no property for the bidirectional class. For the characters of names (letters, digits, marks, . _ -) it follows from
// the block, by the defaults of the Unicode Character Database (DerivedBidiClass.txt), and from the general category.

/** The violation of the Bidi Rule in `text` (in NFC), as a message; undefined if there is none. */
export function bidiProblem(text: string): string | undefined {
	const classes = [...text].map(bidiClass);
	if (!classes.some((each) => each === "right" || each === "arabicDigit")) return undefined;
	if (classes[0] !== "right") return "a name with letters that are written from right to left begins with one";
	if (classes.includes("left")) return "a name is written from left to right or from right to left, not both";
	if (classes.includes("digit") && classes.includes("arabicDigit")) return "a name has digits of one kind";
	const last = classes.findLast((each) => each !== "mark");
	return last === "neutral" ? "a name that is written from right to left ends with a letter or a digit" : undefined;
}

/** right: R and AL. left: L. digit: EN. arabicDigit: AN. mark: NSM. neutral: the separators and the rest. */
type BidiClass = "right" | "left" | "digit" | "arabicDigit" | "mark" | "neutral";

function bidiClass(point: string): BidiClass {
	if (/^\p{Mn}$/u.test(point)) return "mark";
	if (/^[0-9\u06F0-\u06F9]$/u.test(point)) return "digit";
	if (/^[\u0660-\u0669\u{10D30}-\u{10D39}]$/u.test(point)) return "arabicDigit";
	if (RIGHT_TO_LEFT_BLOCKS.test(point)) return "right";
	return /^[\p{L}\p{N}\p{Mc}]$/u.test(point) ? "left" : "neutral";
}

const RIGHT_TO_LEFT_BLOCKS = /^[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]$/u;
