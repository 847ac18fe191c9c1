// Empty in the sources. The build of the executable (cli/build.ts) replaces this module by one with the page's files.

export interface EmbeddedFile {
	readonly path: string;
	readonly type: string;
	readonly etag: string;
	readonly immutable: boolean;
	readonly base64: string;
}

export const embeddedPage: readonly EmbeddedFile[] | undefined = undefined;
