// The operator's port: is it alive, should it get connections, what does it do. Plain GET requests, answered from memory; no
// password, so it listens on this machine only unless the configuration says otherwise.
//
//   /health   200 {"status":"ok","version","uptimeSeconds"}: the process answers. An orchestrator restarts it when it does not.
//   /ready    200 {"ready":true,"reasons":[]}, or 503 {"ready":false,"reasons":["store: …"]}: send no new connections.
//   /metrics  Prometheus' text format.
import type { Clock } from "../clock.ts";
import { type Address, parseAddress } from "../listen/address.ts";
import { bind } from "../listen/bind.ts";
import type { DoorSpec } from "../listen/door.ts";
import { loadTls } from "../listen/tls.ts";
import { EXPOSITION_TYPE, expose } from "./exposition.ts";
import type { Family } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";

export interface OpsOptions {
	readonly spec: DoorSpec;
	readonly version: string;
	readonly families: readonly Family[];
	readonly readiness: Readiness;
	readonly clock: Pick<Clock, "monotonic">;
}

export interface OpsServer {
	/** Where it listens, with the port that was found for port 0. */
	readonly address: Address;
	readonly secure: boolean;
	stop(): Promise<void>;
}

const PATHS = {
	"/health": "is the process alive?",
	"/ready": "should it get new connections?",
	"/metrics": "what it does, for Prometheus",
};

/** Rejects with `BindError` or `AddressError`. */
export async function openOpsServer(options: OpsOptions): Promise<OpsServer> {
	const { spec, clock } = options;
	const address = parseAddress(spec.address);
	const tls = spec.tls && (await loadTls("tls.ops", spec.tls));
	const startedMs = clock.monotonic();

	const answer = async (request: Request): Promise<Response> => {
		if (request.method !== "GET" && request.method !== "HEAD") return json(405, { error: "only GET is answered here" });
		const { pathname } = new URL(request.url);
		switch (pathname) {
			case "/":
				return json(200, { server: `verbatim ${options.version}`, paths: PATHS });
			case "/health": {
				const uptimeSeconds = Math.floor((clock.monotonic() - startedMs) / 1_000);
				return json(200, { status: "ok", version: options.version, uptimeSeconds });
			}
			case "/ready": {
				const reasons = await options.readiness();
				return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
			}
			case "/metrics":
				return new Response(expose(options.families), { headers: { "content-type": EXPOSITION_TYPE, ...HEADERS } });
			default:
				return json(404, { error: "there is nothing here", paths: PATHS });
		}
	};

	const server = await bind("--ops", address, (target) => {
		const common = { ...(tls && { tls }), fetch: answer };
		return "unix" in target
			? Bun.serve({ unix: target.unix, ...common })
			: Bun.serve({ ...target, ...common, idleTimeout: IDLE_SECONDS });
	});
	return {
		address: address.kind === "unix" ? address : { ...address, port: server.port ?? address.port },
		secure: tls !== undefined,
		stop: () => server.stop(true),
	};
}

const IDLE_SECONDS = 30;

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function json(status: number, body: unknown): Response {
	return Response.json(body, { status, headers: HEADERS });
}
