// The operator's port: liveness, readiness, metrics. Plain GET requests, answered from memory; without a password, so it listens
// on loopback only unless configured otherwise.
//
//   /health   200 {"status":"ok","version","uptimeSeconds"}: the process answers. An orchestrator restarts it when it does not.
//   /ready    200 {"ready":true,"reasons":[]}, or 503 {"ready":false,"reasons":["store: …"]}: send no new connections.
//   /metrics  Prometheus' text format.
//   /admin/   the administrators' API (admin/admin.ts): on its own Unix socket without a password, on this port with a token only.
import { createHash, timingSafeEqual } from "node:crypto";
import { unlink } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Family, Metrics } from "../../base/metrics.ts";
import type { LogSampler } from "../../limit/log-sampler.ts";
import { peerAddress } from "../../link/peer-address.ts";
import { type Address, parseAddress } from "../../listen/socket/address.ts";
import { bind, OWNER_UMASK } from "../../listen/socket/bind.ts";
import type { ListenerSpec } from "../../listen/socket/listener.ts";
import { loadTls } from "../../listen/socket/tls.ts";
import type { Admin } from "../admin/admin.ts";
import { EXPOSITION_TYPE, expose } from "../metrics/exposition.ts";
import type { Readiness } from "./readiness.ts";

export interface OpsOptions {
	readonly spec: ListenerSpec;
	readonly version: string;
	readonly families: () => Promise<readonly Family[]>;
	readonly readiness: Readiness;
	readonly clock: Pick<Clock, "monotonic">;
	readonly metrics: Pick<Metrics, "admin">;
	/** Sampled log lines, for those that unauthenticated requests can cause. */
	readonly lines: LogSampler;
	/** The token of the administrators' API on this port; undefined: not served. */
	readonly admin?: { readonly token: string; readonly answer: Admin } | undefined;
}

export interface OpsServer {
	/** Its address, with the actual port for port 0. */
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

	const answer = async (request: Request, server: Bun.Server<undefined>): Promise<Response> => {
		const url = URL.parse(request.url);
		if (url === null) return unreadable();
		if (url.pathname.startsWith("/admin/"))
			return answerAdmin(options, request, url, peerAddress(server.requestIP(request)?.address));
		if (request.method !== "GET" && request.method !== "HEAD") return json(405, { error: "only GET is answered here" });
		switch (url.pathname) {
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
				return new Response(expose(await options.families()), { headers: { "content-type": EXPOSITION_TYPE, ...HEADERS } });
			default:
				return json(404, { error: "there is nothing here", paths: PATHS });
		}
	};

	const server = await bind("--ops", address, (target) => {
		const common = { ...(tls && { tls }), ...PLAIN, fetch: answer };
		return "unix" in target
			? Bun.serve({ unix: target.unix, ...common })
			: Bun.serve({ ...target, ...common, idleTimeout: IDLE_SECONDS, reusePort: false });
	});
	return {
		address: address.kind === "unix" ? address : { ...address, port: server.port ?? address.port },
		secure: tls !== undefined,
		stop: () => server.stop(true),
	};
}

/**
 * The administrators' API on a Unix socket that only this process's user may open. Rejects with `BindError`, or `AddressError` for a path
 * that is too long.
 */
export async function openAdminSocket(path: string, answer: Admin): Promise<Pick<OpsServer, "stop">> {
	const serve = async (request: Request): Promise<Response> => {
		const url = URL.parse(request.url);
		return url === null ? unreadable() : answer(request, url, { by: "socket" });
	};
	const server = await bind(
		"--admin",
		parseAddress(`unix:${path}`),
		(target) => {
			if (!("unix" in target)) throw new Error("the administrators' socket is a Unix socket");
			return Bun.serve({ unix: target.unix, ...PLAIN, fetch: serve });
		},
		OWNER_UMASK,
	);
	return {
		async stop() {
			await server.stop(true);
			await unlink(path).catch(() => undefined);
		},
	};
}

async function answerAdmin(
	{ admin, metrics, lines }: OpsOptions,
	request: Request,
	url: URL,
	address: string,
): Promise<Response> {
	const refuse = (status: number, code: "forbidden" | "unauthenticated", message: string): Response => {
		metrics.admin.add(code);
		const { method } = request;
		lines.line(
			{ about: "refused", kind: `administrator refused: ${code}`, address },
			() => ({ address, code, method, path: url.pathname.slice(0, PATH_CHARS_MAX) }),
			"administrator refused",
		);
		return json(status, { code, message });
	};
	if (admin === undefined)
		return refuse(403, "forbidden", "the administrators' API is on the socket in the data folder; here with adminTokenFile only");
	const shown = /^Bearer +([!-~]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
	if (!isSame(shown, admin.token)) return refuse(401, "unauthenticated", "show the administrators' token");
	return admin.answer(request, url, { by: "token", address });
}

/** The Host header is invalid. */
function unreadable(): Response {
	return json(400, { error: "the address of this request cannot be read" });
}

/** Compares in constant time. */
function isSame(a: string, b: string): boolean {
	const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
	return timingSafeEqual(hash(a), hash(b));
}

const IDLE_SECONDS = 30;
/** For every server here: no error pages of the runtime with our sources in them, and small bodies. */
const PLAIN = {
	development: false,
	maxRequestBodySize: 64 * 1024,
	error: () => json(500, { error: "something went wrong on the server" }),
} as const;
const PATH_CHARS_MAX = 200;

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function json(status: number, body: unknown): Response {
	return Response.json(body, { status, headers: HEADERS });
}
