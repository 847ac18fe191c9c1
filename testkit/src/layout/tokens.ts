// The tokens of a TypeScript source, by the compiler's own scanner: what is in strings and comments is never taken for code, and what is
// between `${` and `}` always is.
import { createScanner, LanguageVariant, SyntaxKind } from "typescript/unstable/ast";

export interface Token {
	readonly kind: "word" | "string" | "other";
	/** As written; of a string or a piece of a template without its content. */
	readonly text: string;
	/** Of a string, or of a template without substitutions: its content. */
	readonly value?: string;
}

export interface Tokens {
	readonly tokens: readonly Token[];
	readonly comments: readonly string[];
	/** The comments before the first token. */
	readonly opening: string;
}

/** `isJsx`: the text of elements is read as tokens, too, which is harmless: imports cannot stand there. */
export function tokensOf(text: string, isJsx = false): Tokens {
	const scanner = createScanner(false, isJsx ? LanguageVariant.JSX : LanguageVariant.Standard, text);
	const tokens: Token[] = [];
	const comments: string[] = [];
	let opening = "";
	/** One for each open brace: does it belong to a template? */
	const braces: boolean[] = [];
	for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
		if (scanner.getTokenEnd() === scanner.getTokenStart()) {
			// A sign that no token begins with: in the text of an element.
			scanner.resetTokenState(scanner.getTokenEnd() + 1);
			continue;
		}
		if (kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken) {
			REGEXP.lastIndex = scanner.getTokenStart();
			if (!endsOperand(tokens.at(-1)) && REGEXP.test(text)) {
				scanner.resetTokenState(REGEXP.lastIndex);
				tokens.push({ kind: "other", text: '""' });
				continue;
			}
		} else if (kind === SyntaxKind.OpenBraceToken) braces.push(false);
		else if (kind === SyntaxKind.TemplateHead) braces.push(true);
		else if (kind === SyntaxKind.CloseBraceToken && braces.pop() === true) {
			kind = scanner.reScanTemplateToken(false);
			if (kind === SyntaxKind.TemplateMiddle) braces.push(true);
		}
		if (COMMENTS.has(kind)) {
			comments.push(scanner.getTokenText());
			if (tokens.length === 0) opening += `${scanner.getTokenText()}\n`;
		} else if (!BLANKS.has(kind)) tokens.push(tokenOf(kind, scanner.getTokenText(), scanner.getTokenValue()));
	}
	return { tokens, comments, opening };
}

function tokenOf(kind: SyntaxKind, text: string, value: string): Token {
	switch (kind) {
		case SyntaxKind.StringLiteral:
		case SyntaxKind.NoSubstitutionTemplateLiteral:
			return { kind: "string", text: '""', value };
		case SyntaxKind.TemplateHead:
			return { kind: "other", text: "`${" };
		case SyntaxKind.TemplateMiddle:
			return { kind: "other", text: "}${" };
		case SyntaxKind.TemplateTail:
			return { kind: "other", text: "}`" };
		default:
			return { kind: /^[\w$#@]/.test(text) ? "word" : "other", text };
	}
}

/** Whether a slash after `last` divides; otherwise it begins a regular expression. */
function endsOperand(last: Token | undefined): boolean {
	if (last === undefined) return false;
	if (last.kind === "word") return !OPERATORS.has(last.text);
	return last.kind === "string" || /^(?:[)\]}]|}`|"")$/.test(last.text);
}

const REGEXP = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const OPERATORS = new Set([
	"return",
	"typeof",
	"case",
	"in",
	"of",
	"await",
	"yield",
	"void",
	"delete",
	"throw",
	"new",
	"else",
	"do",
]);
const COMMENTS = new Set<SyntaxKind>([SyntaxKind.SingleLineCommentTrivia, SyntaxKind.MultiLineCommentTrivia]);
const BLANKS = new Set<SyntaxKind>([SyntaxKind.WhitespaceTrivia, SyntaxKind.NewLineTrivia]);

/** The tokens without white space, but for one space between two words: `new Date()`, `Date.now()`. */
export function codeOf(tokens: readonly Token[]): string {
	return tokens.map(({ kind, text }, i) => (kind === "word" && tokens[i - 1]?.kind === "word" ? ` ${text}` : text)).join("");
}
