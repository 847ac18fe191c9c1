// A program of somebody who has installed the SDK: joins, sends, reads back, and ends by itself.
import { connect, memoryTokens } from "@verbatim/client";

const [endpoint, guest] = process.argv.slice(2);
const client = connect({ endpoints: endpoint, credential: { guest }, tokens: memoryTokens() });
const room = await client.join("#package", { create: true });
const { seq } = await room.send(`hello from ${guest}`).done;
for await (const entry of room.entries({ after: seq - 1 })) {
	process.stdout.write(`${JSON.stringify({ seq, got: entry.seq, name: entry.sender?.name, text: entry.body.value?.text })}\n`);
	break;
}
await client.close();
