// In the sources there is no page inside. The build of the executable (cli/build.ts) puts a module in this one's place that
// has it.

export interface EmbeddedFile {
	readonly path: string;
	readonly type: string;
	readonly etag: string;
	readonly immutable: boolean;
	readonly base64: string;
}

export const embeddedPage: readonly EmbeddedFile[] | undefined = undefined;
