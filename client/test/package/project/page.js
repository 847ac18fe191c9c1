// The same in a page.
import { connect, webStorageTokens } from "@verbatim/client";

globalThis.chat = async (endpoint, guest) => {
	const client = connect({ endpoints: endpoint, credential: { guest }, tokens: webStorageTokens(localStorage) });
	const room = await client.join("#package", { create: true });
	const { seq } = await room.send(`hello from ${guest}`).done;
	for await (const entry of room.entries({ after: seq - 1 })) {
		await client.close();
		return { seq, got: entry.seq, name: entry.sender?.name, text: entry.body.value?.text };
	}
};
