// Source instrumentation for coverage, since the runtime has no hook for it: a counter in every branch of a source file. Branches are
// found by the compiler's parser; counters are inserted within the line, so that line numbers of stack traces stay.
import { readFileSync } from "node:fs";
import type { Node, SourceFile } from "typescript/unstable/ast";
import { EDGES_MAX, EDGES_NAME } from "./coverage.ts";

export interface Instrumented {
	/** By the path of the file: its text with counters. */
	readonly texts: ReadonlyMap<string, string>;
	/** Counters in use. */
	readonly edges: number;
	/** By the path of the file: the texts and numbers that stand in it, which are what inputs are compared with. */
	readonly words: ReadonlyMap<string, readonly string[]>;
}

/** All files of `projects` (paths of tsconfig.json) for which `wanted` holds, instrumented. Takes about a second. */
export async function instrument(
	root: string,
	projects: readonly string[],
	wanted: (path: string) => boolean,
): Promise<Instrumented> {
	// Only here: a test that replays the corpus needs no compiler.
	const [{ API }, ast] = await Promise.all([import("typescript/unstable/async"), import("typescript/unstable/ast")]);
	const api = new API({ cwd: root });
	const texts = new Map<string, string>();
	const words = new Map<string, readonly string[]>();
	let edges = 0;
	try {
		const snapshot = await api.updateSnapshot({ openProjects: [...projects] });
		for (const { program } of await snapshot.getProjects()) {
			for (const path of await program.getSourceFileNames()) {
				if (texts.has(path) || !wanted(path)) continue;
				const file = await program.getSourceFile(path);
				if (file === undefined) continue;
				const counted = withCounters(ast, file, readFileSync(path, "utf8"), edges);
				edges += counted.edges;
				texts.set(path, counted.text);
				words.set(path, counted.words);
			}
		}
	} finally {
		await api.close();
	}
	if (edges > EDGES_MAX) throw new RangeError(`there are ${edges} branches; raise EDGES_MAX in coverage.ts`);
	return { texts, edges, words };
}

type Ast = typeof import("typescript/unstable/ast");

/** Longest literal that goes into the dictionary. */
const WORD_CHARS_MAX = 40;

interface Insertion {
	readonly at: number;
	readonly text: string;
	/** Does it end something? What ends at a place stands before what begins there. */
	readonly ends: boolean;
	/** Of the node that it belongs to: the inner ends first, the outer begins first. */
	readonly depth: number;
}

function withCounters(ast: Ast, file: SourceFile, source: string, firstEdge: number) {
	const insertions: Insertion[] = [];
	const words = new Set<string>();
	let edges = 0;
	const count = (): string => `${COUNTERS}[${firstEdge + edges++}]++`;
	const start = (node: Node): number => node.getStart(file);

	const run = (node: Node, depth: number): void => {
		const insert = (at: number, text: string): void => void insertions.push({ at, text, ends: false, depth });
		const wrap = (inner: Node, before: string, after: string): void => {
			insertions.push({ at: start(inner), text: before, ends: false, depth: depth + 1 });
			insertions.push({ at: inner.end, text: after, ends: true, depth: depth + 1 });
		};
		const expression = (inner: Node): void => wrap(inner, `(${count()},`, ")");
		const statement = (inner: Node): void => {
			// A block counts itself.
			if (!ast.isBlock(inner)) wrap(inner, `{${count()};`, "}");
		};
		if (ast.isBlock(node)) insert(start(node) + 1, `${count()};`);
		else if (ast.isIfStatement(node)) {
			const { thenStatement, elseStatement } = node;
			statement(thenStatement);
			// Behind the end of the branch before it, before the end of whatever this statement is wrapped in.
			if (elseStatement === undefined)
				insertions.push({ at: thenStatement.end, text: ` else {${count()}}`, ends: true, depth: depth + 0.5 });
			else if (!ast.isIfStatement(elseStatement)) statement(elseStatement);
		} else if (ast.isForStatement(node) || ast.isForOfStatement(node) || ast.isWhileStatement(node)) statement(node.statement);
		else if (ast.isConditionalExpression(node)) {
			expression(node.whenTrue);
			expression(node.whenFalse);
		} else if (ast.isBinaryExpression(node) && LAZY.has(node.operatorToken.getText(file))) expression(node.right);
		else if (ast.isArrowFunction(node) && !ast.isBlock(node.body)) expression(node.body);
		else if (ast.isCaseClause(node)) insert(source.indexOf(":", node.expression.end) + 1, `${count()};`);
		else if (ast.isDefaultClause(node)) insert(source.indexOf(":", start(node)) + 1, `${count()};`);
		else if (ast.isImportDeclaration(node) || ast.isTypeNode(node)) return;
		else if (ast.isStringLiteral(node) || ast.isNumericLiteral(node)) words.add(node.text);
		node.forEachChild((child) => {
			run(child, depth + 1);
			return undefined;
		});
	};
	run(file, 0);

	insertions.sort((a, b) => a.at - b.at || Number(b.ends) - Number(a.ends) || (a.ends ? b.depth - a.depth : a.depth - b.depth));
	let text = `const ${COUNTERS}=globalThis.${EDGES_NAME};`;
	let done = 0;
	for (const insertion of insertions) {
		text += source.slice(done, insertion.at) + insertion.text;
		done = insertion.at;
	}
	return {
		text: text + source.slice(done),
		edges,
		words: [...words].filter((word) => word !== "" && word.length <= WORD_CHARS_MAX),
	};
}

const COUNTERS = "__edges";
const LAZY: ReadonlySet<string> = new Set(["&&", "||", "??"]);
