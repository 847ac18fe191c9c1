// And to one for Node or Bun.
import { connect, fileOutbox, fileTokens, tcpTransport } from "@verbatim/client/node";
import { LIMITS } from "@verbatim/protocol";

export const client = connect({
	endpoints: ["tcp://localhost:9000", "wss://chat.example.org"],
	credential: { guest: "types" },
	outbox: fileOutbox("./outbox"),
	tokens: fileTokens("./identity.json"),
	resolvers: ["9.9.9.9"],
	transports: [tcpTransport({ check: "none" })],
	limits: { textBytesMax: LIMITS.textBytesMax },
});
