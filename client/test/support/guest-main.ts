// Run by tests: comes as the guest of the command line, says who that is, and stays until its input ends.
import { connect } from "../../src/node.ts";

const [endpoint = "", guest = ""] = process.argv.slice(2);
const client = connect({ endpoints: endpoint, credential: { guest } });
try {
	process.stdout.write(`${(await client.ready()).id}\n`);
	for await (const _ of process.stdin) {
		// Until it ends.
	}
} catch (error) {
	process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
}
await client.close();
