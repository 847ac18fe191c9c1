// Checks of a store on PostgreSQL: can it be reached, are its settings such that promises hold, does it fit this version.
import { type Config, inspectStore } from "@verbatim/server";
import { openError } from "../open-error.ts";
import { bad, bytesWords, type Finding, ok, wordsOf } from "./finding.ts";

export async function checkPostgres({ database }: Pick<Config, "database">): Promise<readonly Finding[]> {
	if (database === undefined) return [];
	try {
		const { server, version, versionKnown, sizeBytes } = await inspectStore(database);
		const schema = version === 0 ? "no schema yet; the server makes it" : `schema ${version}, this program knows ${versionKnown}`;
		return [ok("database", `PostgreSQL ${server}; ${bytesWords(sizeBytes)}; ${schema}`)];
	} catch (error) {
		return [bad("database", wordsOf(openError(error)).replace(/^verbatim: /, ""), "the server would not start")];
	}
}
