// A WebSocket connection: the server's own code on a simulated socket; a frame of the client's end is a message.

import { TransportError } from "@verbatim/client";
import { CONNECTION_SETTINGS, type WsData, WsLink, wsKind } from "@verbatim/server/parts";
import type { ServerWebSocket } from "bun";
import { AnyWire, type WireParts } from "./wire.ts";

export class WebSocketWire extends AnyWire<Uint8Array | string> {
	private link: WsLink | undefined;
	private held = false;

	constructor(parts: WireParts) {
		super(parts, (body) => body.length + 8);
	}

	open(): void {
		const { host, codec, events } = this.parts;
		this.isOpen = true;
		this.guarded(() => {
			const left = (): void => this.serverLeft();
			this.link = new WsLink(this.socket(), wsKind(host.parts, CONNECTION_SETTINGS, codec, left), "192.0.2.1");
		});
		this.later(this.client, () => events.opened());
	}

	send(body: Uint8Array | string): void {
		this.up.put(body);
	}

	close(): void {
		this.clientDone = true;
		this.up.finish(() => {
			this.tellServer();
			this.down.finish(() => this.tellClient({}));
		});
	}

	protected toServer(body: Uint8Array | string): void {
		this.link?.onMessage(body);
	}

	protected toClient(body: Uint8Array | string): void {
		this.tellFrame(body);
	}

	protected serverLost(): void {
		this.link?.onClose();
	}

	protected serverMayWrite(): void {
		if (!this.held || this.buffered() > 0) return;
		this.held = false;
		this.parts.host.machine.do(() => this.guarded(() => this.link?.onDrain()));
	}

	private buffered(): number {
		return Math.max(0, this.down.bytes - this.parts.route.capacityBytes);
	}

	/** What the server's code uses of a WebSocket. */
	private socket(): ServerWebSocket<WsData> {
		const wire = this;
		return {
			send(body: Uint8Array | string): number {
				wire.down.put(body);
				wire.held ||= wire.buffered() > 0;
				return 1;
			},
			cork<T>(task: () => T): T {
				return task();
			},
			getBufferedAmount: () => wire.buffered(),
			close(code: number, reason: string) {
				wire.down.finish(() => wire.tellClient({ code, reason, cause: new TransportError(reason) }));
			},
			terminate: () => wire.cut(false),
			pause: () => wire.up.pause(true),
			resume: () => wire.up.pause(false),
		} as unknown as ServerWebSocket<WsData>;
	}
}
