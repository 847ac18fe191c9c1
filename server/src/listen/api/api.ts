// One request of the HTTP API, from its path to its answer. Every answer, errors included, has the same shape.
import { Refusal } from "@verbatim/protocol";
import { okAnswer, refusalAnswer, refuse } from "./answer.ts";
import { compressed } from "./compress.ts";
import { readJson } from "./request.ts";
import { API_ROOT, type ApiParts, findRoute } from "./routes.ts";

export interface Api {
	/** `extend` is called when the request was read, to extend its timeout. Never rejects. */
	answer(request: Request, url: URL, peer: string, trace: string, extend: () => void): Promise<Response>;
}

/** Is this path one of the API's? */
export function isApiPath(path: string): boolean {
	return path === "/api" || path.startsWith("/api/");
}

export function createApi(parts: ApiParts): Api {
	return {
		async answer(request, url, peer, trace, extend) {
			const headers = { "x-trace-id": trace };
			const match = url.pathname.startsWith(`${API_ROOT}/`)
				? findRoute(request.method, url.pathname)
				: ({ kind: "none" } as const);
			switch (match.kind) {
				case "none":
					return refuse("unknown_command", "there is no such path; see docs/protocol.md", headers, 404);
				case "malformed":
					return refuse("malformed", "the path is not well encoded", headers);
				case "method": {
					const allow = match.allowed.join(", ");
					return refuse("unknown_command", `this path takes ${allow}`, { ...headers, allow }, 405);
				}
			}
			try {
				if (request.method === "GET") extend();
				const body = async (): Promise<unknown> => {
					const read = await readJson(request, parts.limits.frameBytesMax);
					extend();
					return read;
				};
				const call = { request, peer, trace, query: url.searchParams, room: match.room, body };
				return await compressed(request, okAnswer(await match.route.run(parts, call), headers));
			} catch (err) {
				if (err instanceof Refusal) return refusalAnswer(err, headers);
				parts.metrics.faults.add("http");
				parts.log.error({ err, trace }, "a request of the HTTP API met an unexpected error");
				return refuse("internal", `something went wrong on the server; it was logged under trace id ${trace}`, headers);
			}
		},
	};
}
