// A client transport that checks every message of the server (../history/wire-judge.ts) as received, before the SDK repairs gaps or
// removes duplicates.
import type { Connection, ConnectionEvents, Transport } from "@verbatim/client/node";
import { type CodecName, jsonCodec, protoCodec } from "@verbatim/protocol";
import { WireJudge } from "../history/wire-judge.ts";

/** `onViolation`: called with each violated promise, as text. */
export function checkedTransport(transport: Transport, onViolation: (words: string) => void): Transport {
	return {
		schemes: transport.schemes,
		unavailable: transport.unavailable,
		open(endpoint: URL, codecName: CodecName, events: ConnectionEvents): Connection {
			const codec = codecName === "json" ? jsonCodec : protoCodec;
			const judge = new WireJudge(`a connection to ${endpoint.host} by ${codecName}`, { broken: onViolation });
			/** False after a damaged frame: its content is unknown, so what follows cannot be checked. */
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
