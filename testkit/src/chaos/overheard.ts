// A transport with the judge of connections on it (../history/wire-judge.ts): what the server sends is judged as it comes off the wire,
// before the SDK mends anything.
import type { Connection, ConnectionEvents, Transport } from "@verbatim/client/node";
import { type CodecName, jsonCodec, protoCodec } from "@verbatim/protocol";
import { WireJudge } from "../history/wire-judge.ts";

/** `broken`: told in words of each promise to a connection that was not kept. */
export function overheard(transport: Transport, broken: (words: string) => void): Transport {
	return {
		schemes: transport.schemes,
		unavailable: transport.unavailable,
		open(endpoint: URL, codecName: CodecName, events: ConnectionEvents): Connection {
			const codec = codecName === "json" ? jsonCodec : protoCodec;
			const judge = new WireJudge(`a connection to ${endpoint.host} by ${codecName}`, { broken });
			/** What a damaged frame has carried is missing here as well: nothing can be said of what follows. */
			let sound = true;
			const connection = transport.open(endpoint, codecName, {
				opened: () => events.opened(),
				frame(body) {
					if (sound) judge.sent(codec.decodeDown(body));
					events.frame(body);
				},
				damaged() {
					sound = false;
					events.damaged();
				},
				closed: (ending) => events.closed(ending),
			});
			return {
				send(body) {
					judge.received(codec.decodeUp(body));
					connection.send(body);
				},
				bufferedBytes: () => connection.bufferedBytes(),
				close: () => connection.close(),
				abandon: () => connection.abandon(),
			};
		},
	};
}
