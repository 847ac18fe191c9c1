// Run by tests, on Bun as it is and bundled on Node: tells for each endpoint of the command line, as a line of JSON, what the
// status says after the first attempt.
import { readFileSync } from "node:fs";
import { ConnectError, connect, memoryTokens, type Status } from "../../src/node.ts";

const [ca = "", resolver = "", ...endpoints] = process.argv.slice(2);

for (const endpoint of endpoints) {
	const begun = performance.now();
	const client = connect({
		endpoints: endpoint,
		credential: { guest: `why-${process.pid}-${endpoints.indexOf(endpoint)}` },
		tokens: memoryTokens(),
		timing: { connectMs: 1_500 },
		...(ca !== "" && { tls: { ca: readFileSync(ca, "utf8") } }),
		...(resolver !== "" && { resolvers: [resolver] }),
	});
	const status = await new Promise<Status>((resolve) => {
		client.on("status", (status) => {
			if (status.state !== "connecting") resolve(status);
		});
	});
	const ms = Math.round(performance.now() - begun);
	const why = status.state === "waiting" ? status.why : undefined;
	const facts = why instanceof ConnectError ? { reason: why.reason, status: why.status, retryAfterMs: why.retryAfterMs } : {};
	process.stdout.write(`${JSON.stringify({ endpoint, state: status.state, ms, message: why?.message, ...facts })}\n`);
	await client.close();
}
