// A source file as the rules of the layout see it: its code without strings and comments, its imports and its exports.
import { codeOf, type Token, tokensOf } from "./tokens.ts";

export interface Import {
	/** As written; "" if it cannot be read from the source: `import(name)`. */
	readonly from: string;
	/** `value` and `type` at load, `later`: by `import()`, or as the file of a thread. */
	readonly when: "value" | "type" | "later";
	/** By the names of the other file; "*" is all of them. */
	readonly names: readonly string[];
}

export interface SourceFile {
	/** From the root of the repository. */
	readonly path: string;
	readonly package: string;
	readonly isTest: boolean;
	readonly lines: number;
	readonly code: string;
	readonly words: readonly string[];
	readonly comments: readonly string[];
	/** The comments before the first token. */
	readonly opening: string;
	/** `export … from` among them. */
	readonly imports: readonly Import[];
	readonly exports: readonly string[];
	/** Of which this file exports all, as written. */
	readonly stars: readonly string[];
}

export function readSource(path: string, text: string): SourceFile {
	const { tokens, comments, opening } = tokensOf(text, /\.[jt]sx$/.test(path));
	const reader = new Reader(tokens);
	reader.read();
	return {
		path,
		package: path.split("/")[0] ?? "",
		isTest: /(^|\/)test\//.test(path),
		lines: text.split("\n").length,
		code: codeOf(tokens),
		words: tokens.filter(({ kind }) => kind === "word").map((token) => token.text),
		comments,
		opening,
		imports: reader.imports,
		exports: reader.exports,
		stars: reader.stars,
	};
}

const MODIFIERS = new Set(["declare", "abstract", "async"]);

class Reader {
	readonly imports: Import[] = [];
	readonly exports: string[] = [];
	readonly stars: string[] = [];
	private readonly tokens: readonly Token[];

	constructor(tokens: readonly Token[]) {
		this.tokens = tokens;
	}

	read(): void {
		for (let at = 0; at < this.tokens.length; at++) {
			// A member of that name is not the keyword.
			if (/^\??\.$/.test(this.text(at - 1)) || this.text(at + 1) === ":") continue;
			switch (this.text(at)) {
				case "import":
					this.readImport(at);
					break;
				case "export":
					this.readExport(at + 1);
					break;
				case "require":
					if (this.text(at + 1) === "(") this.add(this.value(at + 2), "value", ["*"]);
					break;
				case "URL":
					if (this.text(at + 3) === "," && this.text(at + 4) === "import") this.add(this.value(at + 2), "later", []);
					break;
			}
		}
	}

	private readImport(at: number): void {
		const next = this.text(at + 1);
		if (next === ".") return;
		if (next === "(") {
			const isType = this.text(at - 1) === "typeof";
			this.imports.push({ from: this.value(at + 2) ?? "", when: isType ? "type" : "later", names: ["*"] });
			return;
		}
		let end = at + 1;
		while (end < this.tokens.length && this.tokens[end]?.kind !== "string") end++;
		this.clause(this.tokens.slice(at + 1, end), this.value(end));
	}

	/** `tokens`: between `import` and the name of the file. */
	private clause(tokens: readonly Token[], from: string | undefined): void {
		const texts = tokens.map(({ text }) => text);
		const isType = texts[0] === "type" && texts[1] !== "from" && texts[1] !== ",";
		const open = texts.indexOf("{");
		const named = open < 0 ? [] : listed(texts.slice(open + 1, texts.indexOf("}")));
		const outside = open < 0 ? texts : texts.slice(0, open);
		const names = named.map(({ name }) => name);
		if (outside.includes("*")) names.push("*");
		const first = outside[isType ? 1 : 0];
		const hasDefault = first !== undefined && first !== "*";
		if (hasDefault) names.push("default");
		const onlyTypes = named.length > 0 && named.every((item) => item.isType) && !hasDefault;
		this.add(from, isType || onlyTypes ? "type" : "value", names);
	}

	private readExport(first: number): void {
		let at = first;
		const isType = this.text(at) === "type" && ["{", "*"].includes(this.text(at + 1));
		if (isType) at++;
		const when = isType ? "type" : "value";
		if (this.text(at) === "*") {
			const isNamed = this.text(at + 1) === "as";
			if (isNamed) this.exports.push(this.text(at + 2));
			const from = this.value(at + (isNamed ? 4 : 2));
			if (!isNamed && from !== undefined) this.stars.push(from);
			this.add(from, when, isNamed ? ["*"] : []);
		} else if (this.text(at) === "{") {
			let end = at;
			while (end < this.tokens.length && this.text(end) !== "}") end++;
			const items = listed(this.tokens.slice(at + 1, end).map(({ text }) => text));
			this.exports.push(...items.map((item) => item.as));
			if (this.text(end + 1) !== "from") return;
			const onlyTypes = items.length > 0 && items.every((item) => item.isType);
			this.add(
				this.value(end + 2),
				onlyTypes ? "type" : when,
				items.map(({ name }) => name),
			);
		} else if (this.text(at) === "default") this.exports.push("default");
		else {
			while (MODIFIERS.has(this.text(at))) at++;
			const name = this.text(at + 1) === "*" || this.text(at + 1) === "enum" ? this.text(at + 2) : this.text(at + 1);
			if (/^[\w$]+$/.test(name)) this.exports.push(name);
		}
	}

	private add(from: string | undefined, when: Import["when"], names: readonly string[]): void {
		if (from !== undefined) this.imports.push({ from, when, names });
	}

	private text(at: number): string {
		return this.tokens[at]?.text ?? "";
	}

	private value(at: number): string | undefined {
		return this.tokens[at]?.value;
	}
}

interface Listed {
	readonly name: string;
	readonly as: string;
	readonly isType: boolean;
}

/** The items between braces: `a`, `type b`, `c as d`. */
function listed(texts: readonly string[]): Listed[] {
	const items: string[][] = [[]];
	for (const text of texts) text === "," ? items.push([]) : items.at(-1)?.push(text);
	return items
		.filter((item) => item.length > 0)
		.map((item) => {
			const isType = item[0] === "type" && item.length > 1 && item[1] !== "as";
			const [name = "", , as = name] = isType ? item.slice(1) : item;
			return { name, as, isType };
		});
}
