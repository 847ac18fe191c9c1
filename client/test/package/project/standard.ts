// What types say to a program for any runtime.
import { type Client, ConnectError, connect, RefusedError, type Room } from "@verbatim/client";

export async function hello(endpoint: string): Promise<number> {
	const client: Client = connect({ endpoints: endpoint, credential: { guest: "types" } });
	client.on("status", (status) => {
		if (status.state === "waiting" && status.why instanceof ConnectError) status.why.reason satisfies string;
	});
	const room: Room = await client.join("#types", { create: true });
	try {
		const { seq } = await room.send("hello").done;
		return seq;
	} catch (error) {
		return error instanceof RefusedError ? error.retryAfterMs : 0;
	}
}
