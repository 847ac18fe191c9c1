// The page's files in memory, by path.

/** One file of the page, ready to be served. */
export interface PageFile {
	/** From the server's root, with its leading slash: `/`, `/main-1a2b3c.js`. */
	readonly path: string;
	readonly body: Uint8Array<ArrayBuffer>;
	/** Content type. */
	readonly type: string;
	/** Strong, quoted, as in the header. */
	readonly etag: string;
	/** Its name changes with its content: it may be cached for ever. */
	readonly immutable: boolean;
}

/** The file at a path (no query), or undefined. */
export type PageAssets = (path: string) => PageFile | undefined;

export function pageAssets(files: readonly PageFile[]): PageAssets {
	const byPath = new Map(files.map((file) => [file.path, file]));
	return (path) => byPath.get(path === "/index.html" ? "/" : path);
}
