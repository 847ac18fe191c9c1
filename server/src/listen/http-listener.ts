// The HTTP listener, also for TLS and Unix sockets: the upgrade to WebSocket, the API for scripts, the web page.
//
// Measured on Bun 1.4, before this code is called: a connection without complete headers is closed after 12 s, whatever `idleTimeout` is; a slow
// body (below 16 KB/s) is closed after `idleTimeout`; headers of more than 16 KB are answered 431. Bun reports a connection only with its headers,
// so admission counts WebSockets and requests of the API, not silent connections: each costs about a kilobyte for those seconds.
import { type CodecName, codecOfSubprotocol, Refusal, SUBPROTOCOLS } from "@verbatim/protocol";
import type { Server } from "bun";
import { type AdmissionRefused, REFUSED_MESSAGES } from "../admit/connections.ts";
import type { Cancel } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { type Proxies, peerAddress } from "../link/peer-address.ts";
import { refusalAnswer, refuse } from "./api/answer.ts";
import { type Api, createApi, isApiPath } from "./api/api.ts";
import { traceOf } from "./api/request.ts";
import type { ApiParts } from "./api/routes.ts";
import type { ListenerParts } from "./connection/parts.ts";
import type { ConnectionSettings } from "./connection/settings.ts";
import { type WsData, type WsKind, WsLink, type WsOpening, wsKind } from "./connection/ws.ts";
import { parseAddress } from "./socket/address.ts";
import { bind } from "./socket/bind.ts";
import type { Listener, ListenerSpec } from "./socket/listener.ts";
import { loadTls } from "./socket/tls.ts";
import { codeOf, logAccess } from "./web/access.ts";
import type { Origins } from "./web/origin.ts";
import { type PageAssets, servePage, textAnswer } from "./web/page.ts";
import { asksForDocument, refusalPage } from "./web/refusal-page.ts";

export interface HttpParts extends ListenerParts, Pick<ApiParts, "accounts" | "commands" | "shedding"> {
	readonly page: PageAssets;
	readonly origins: Origins;
	readonly proxies: Proxies;
}

/** The path of the WebSocket. */
export const WS_PATH = "/ws";

/** Time to answer a request after it was read, seconds: a log-in may wait in the queue of password hashes. */
const ANSWER_S = 30;

/** Opens the listener. Rejects with `BindError` or `AddressError`. */
export async function openHttp(spec: ListenerSpec, parts: HttpParts, settings: ConnectionSettings): Promise<Listener> {
	const address = parseAddress(spec.address);
	const tls = spec.tls === undefined ? undefined : await loadTls("tls.http", spec.tls);
	const handler = new HttpHandler(parts, settings);
	const shared = {
		...(tls === undefined ? {} : { tls }),
		development: false,
		// Bodies are bounded where they are read; this bounds what Bun buffers of a refused one.
		maxRequestBodySize: parts.limits.frameBytesMax * 16,
		fetch: (request: Request, server: Server<WsData>) => handler.answer(request, server),
		error: (err: Error) => handler.fault(err),
		websocket: {
			maxPayloadLength: parts.limits.frameBytesMax,
			// No limit, so that Bun drops nothing: the session's outbox is bounded, and the link cuts beyond `linkBytesMax`.
			backpressureLimit: 0,
			// The session has its own heartbeat.
			idleTimeout: 0,
			sendPings: false,
			perMessageDeflate: false,
			open: (ws: Bun.ServerWebSocket<WsData>) => handler.opened(ws),
			message: (ws: Bun.ServerWebSocket<WsData>, body: string | Buffer<ArrayBuffer>) =>
				handler.guarded(ws, (link) => link.onMessage(body)),
			ping: (ws: Bun.ServerWebSocket<WsData>) => handler.guarded(ws, (link) => link.onControl()),
			pong: (ws: Bun.ServerWebSocket<WsData>) => handler.guarded(ws, (link) => link.onControl()),
			drain: (ws: Bun.ServerWebSocket<WsData>) => handler.guarded(ws, (link) => link.onDrain()),
			close: (ws: Bun.ServerWebSocket<WsData>) => handler.guarded(ws, (link) => link.onClose()),
		},
	};
	const idleTimeout = Math.min(255, Math.max(1, Math.ceil(parts.timing.handshakeMs / 1_000)));
	const { server, bound } = await bind("--http", address, (at) => {
		if ("unix" in at) return { server: Bun.serve<WsData>({ ...at, ...shared }), bound: address };
		// Explicit: outside development mode Bun shares a port that is in use, and two servers would answer in turn.
		const tcp = Bun.serve<WsData>({ ...at, ...shared, idleTimeout, reusePort: spec.shared === true });
		return { server: tcp, bound: { kind: "tcp", host: at.hostname, port: tcp.port ?? at.port } as const };
	});
	return {
		address: bound,
		secure: tls !== undefined,
		stopListening() {
			handler.draining = true;
			void server.stop();
		},
		empty: () => handler.empty(),
		closeAll() {
			handler.draining = true;
			handler.cutAll();
			void server.stop(true);
		},
	};
}

/** Routes requests and keeps the registry of WebSockets. */
class HttpHandler {
	draining = false;
	private readonly parts: HttpParts;
	private readonly kinds: Readonly<Record<CodecName, WsKind>>;
	private readonly api: Api;
	private readonly links = new Set<WsLink>();
	private requests = 0;
	/** Timers of delayed releases from admission. */
	private readonly leaving = new Set<Cancel>();
	private whenEmpty: Array<() => void> = [];

	constructor(parts: HttpParts, settings: ConnectionSettings) {
		this.parts = parts;
		const kind = (codec: CodecName) => wsKind(parts, settings, codec, (link, occupiedMs) => this.left(link, occupiedMs));
		this.kinds = { json: kind("json"), proto: kind("proto") };
		this.api = createApi(parts);
	}

	async answer(request: Request, server: Server<WsData>): Promise<Response | undefined> {
		this.requests++;
		const { clock, limits, lines, proxies, random } = this.parts;
		const beganMs = clock.monotonic();
		const direct = peerAddress(server.requestIP(request)?.address);
		const address = proxies.peerBehind(direct, request.headers.get("x-forwarded-for"));
		const trace = traceOf(request, limits.traceCharsMax, clock, random);
		let response: Response | undefined;
		try {
			response = await this.route(request, server, address, trace);
		} catch (err) {
			response = this.fault(err, trace);
		}
		response?.headers.set("x-trace-id", trace);
		if (response !== undefined && response.status >= 400) await this.delayRefusal(address);
		this.requests--;
		this.maybeEmpty();
		if (response !== undefined) this.count(response);
		logAccess(lines, { request, response, trace, address, ms: clock.monotonic() - beganMs });
		return response;
	}

	/** Delays a refusal. The runtime reads a connection's next request only after the answer, so this slows down a flood. */
	private async delayRefusal(address: string): Promise<void> {
		const { clock, admission } = this.parts;
		const waitMs = admission.refusalWaitMs(address);
		if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
	}

	private count(response: Response): void {
		const { requests, errors } = this.parts.metrics;
		requests.add(`${Math.floor(response.status / 100)}xx`);
		const code = codeOf(response);
		if (code !== undefined) errors.add(code);
	}

	opened(ws: Bun.ServerWebSocket<WsData>): void {
		const { data } = ws;
		if (data instanceof WsLink) return;
		ws.binaryType = "uint8array";
		try {
			const link = new WsLink(ws, this.kinds[data.codec], data.address);
			ws.data = link;
			this.links.add(link);
		} catch (err) {
			this.report(err);
			this.parts.admission.release(data.address);
			ws.terminate();
		}
	}

	/** An error in one connection cuts that connection only. */
	guarded(ws: Bun.ServerWebSocket<WsData>, act: (link: WsLink) => void): void {
		const link = ws.data;
		if (!(link instanceof WsLink)) return;
		try {
			act(link);
		} catch (err) {
			this.report(err);
			this.cut(link);
		}
	}

	private cut(link: WsLink): void {
		try {
			link.cut();
		} catch (err) {
			this.report(err);
		}
	}

	private report(err: unknown): void {
		const { clock, random, log, metrics } = this.parts;
		metrics.faults.add("ws");
		log.error({ err, trace: newId("t", clock, random) }, "a WebSocket met an unexpected error and was cut");
	}

	fault(err: unknown, trace = newId("t", this.parts.clock, this.parts.random)): Response {
		const { log, metrics } = this.parts;
		metrics.faults.add("http");
		log.error({ err, trace }, "an HTTP request met an unexpected error");
		return refuse("internal", `something went wrong on the server; it was logged under trace id ${trace}`);
	}

	empty(): Promise<void> {
		if (this.links.size === 0 && this.requests === 0) return Promise.resolve();
		return new Promise((resolve) => this.whenEmpty.push(resolve));
	}

	cutAll(): void {
		for (const cancel of this.leaving) cancel();
		for (const link of [...this.links]) this.cut(link);
	}

	// ------------------------------------------------------------ requests

	private async route(request: Request, server: Server<WsData>, peer: string, trace: string): Promise<Response | undefined> {
		if (!URL.canParse(request.url)) return unreadable(request.url);
		const url = new URL(request.url);
		if (this.draining) return refuse("draining", undefined, { connection: "close" });
		if (url.pathname === WS_PATH) return this.upgrade(request, server, peer, trace);
		const { admission, page } = this.parts;
		if (!isApiPath(url.pathname)) {
			const file = admission.admitFile(peer);
			return file.ok ? await servePage(page, request, url.pathname) : this.busy(file, asksForDocument(request));
		}
		const decision = admission.admit(peer, "request");
		if (!decision.ok) return this.busy(decision);
		try {
			return await this.answerApi(request, url, peer, trace, () => server.timeout(request, ANSWER_S));
		} finally {
			admission.release(peer);
		}
	}

	/** CORS: pages of listed origins may read the answers; requests from other origins are refused at once. */
	private async answerApi(request: Request, url: URL, peer: string, trace: string, extend: () => void): Promise<Response> {
		const { origins } = this.parts;
		const origin = request.headers.get("origin");
		if (!origins.allows(origin, request.headers.get("host"))) return this.refuseOrigin();
		const listed = origins.lists(origin);
		const response =
			listed && request.method === "OPTIONS"
				? new Response(null, { status: 204, headers: PREFLIGHT })
				: await this.api.answer(request, url, peer, trace, extend);
		if (listed) {
			response.headers.set("access-control-allow-origin", origin);
			response.headers.set("cross-origin-resource-policy", "cross-origin");
			response.headers.append("vary", "origin");
		}
		return response;
	}

	private upgrade(request: Request, server: Server<WsData>, address: string, trace: string): Response | undefined {
		const { admission, metrics, origins } = this.parts;
		if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
			// Browsers hide from a page why its WebSocket was refused; a plain request to the same path gets the reason.
			const refused = admission.refusalOf(address);
			if (refused !== undefined) return busyAnswer(refused, asksForDocument(request));
			return textAnswer(426, "This path is for WebSockets.", { upgrade: "websocket", connection: "upgrade" });
		}
		if (!origins.allows(request.headers.get("origin"), request.headers.get("host"))) return this.refuseOrigin();
		// Bun checks everything else of a handshake. It does not expose the HTTP version: a 1.0 request with all this is accepted.
		if (!isListed("upgrade", request.headers.get("connection"))) return refuse("malformed", NO_HANDSHAKE);
		const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
		const chosen = chooseSubprotocol(offered.filter((name) => name !== ""));
		if (chosen === undefined) {
			metrics.refused.add("subprotocol");
			return refuse("invalid", `none of these subprotocols is spoken here; offer ${Object.values(SUBPROTOCOLS).join(" or ")}`);
		}
		const decision = admission.admit(address);
		if (!decision.ok) return this.busy(decision);
		const data: WsOpening = { codec: chosen.codec, address };
		const named = chosen.named ? { "sec-websocket-protocol": SUBPROTOCOLS[chosen.codec] } : {};
		const headers = { ...named, "x-trace-id": trace };
		if (server.upgrade(request, { data, headers })) return undefined;
		admission.release(address);
		return refuse("malformed", NO_HANDSHAKE);
	}

	private refuseOrigin(): Response {
		this.parts.metrics.refused.add("origin");
		return refuse("forbidden", "web pages of this origin may not connect here; the operator can list it under `origins`");
	}

	private busy(refused: AdmissionRefused, document = false): Response {
		this.parts.metrics.refused.add(refused.reason);
		return busyAnswer(refused, document);
	}

	private left(link: WsLink, occupiedMs: number): void {
		if (occupiedMs === 0 || this.draining) this.parts.admission.release(link.address);
		else this.leaveLater(link.address, occupiedMs);
		this.links.delete(link);
		this.maybeEmpty();
	}

	private leaveLater(address: string, afterMs: number): void {
		const { clock, admission } = this.parts;
		const cancel = clock.after(afterMs, () => {
			this.leaving.delete(cancel);
			admission.release(address);
		});
		this.leaving.add(cancel);
	}

	private maybeEmpty(): void {
		if (this.links.size > 0 || this.requests > 0) return;
		for (const resolve of this.whenEmpty.splice(0)) resolve();
	}
}

function busyAnswer({ reason, retryAfterMs }: AdmissionRefused, document: boolean): Response {
	const refusal = new Refusal("busy", REFUSED_MESSAGES[reason], retryAfterMs);
	return document ? refusalPage(refusal) : refusalAnswer(refusal);
}

const NO_HANDSHAKE = "this is no WebSocket handshake (RFC 6455)";

/** Is `name` among the elements of a header's list? */
function isListed(name: string, list: string | null): boolean {
	return (list ?? "").split(",").some((each) => each.trim().toLowerCase() === name);
}

const PREFLIGHT = {
	"access-control-allow-methods": "GET, POST",
	"access-control-allow-headers": "authorization, content-type, idempotency-key, x-trace-id, traceparent",
	"access-control-max-age": "600",
};

/** Without a valid Host, `request.url` is the bare path, or has an unparsable host before it. */
function unreadable(address: string): Response {
	const why = "the address of this request cannot be read: its Host is no host";
	const path = address.replace(/^\w+:\/\/[^/]*/, "").split("?", 1)[0] ?? "";
	return isApiPath(path) ? refuse("malformed", why) : textAnswer(400, why);
}

/** The first offered subprotocol that is supported; JSON if none is offered; undefined if none of the offered is supported. */
function chooseSubprotocol(offered: readonly string[]): { readonly codec: CodecName; readonly named: boolean } | undefined {
	if (offered.length === 0) return { codec: "json", named: false };
	for (const name of offered) {
		const codec = codecOfSubprotocol(name);
		if (codec !== undefined) return { codec, named: true };
	}
	return undefined;
}
