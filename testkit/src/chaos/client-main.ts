// Main module of a client process. Options are its one argument (JSON); commands arrive as JSON lines on stdin, results leave on
// stdout. It may be killed or stopped at any time.
import { createInterface } from "node:readline";
import { LineClient, type LineClientOptions } from "./line-client.ts";
import { fail, SdkClient, type SdkClientOptions } from "./sdk-client.ts";

export type ClientOptions =
	| ({ readonly transport: "sdk" } & SdkClientOptions)
	| ({ readonly transport: "line" } & LineClientOptions);

export type ClientCommand =
	| { readonly do: "stopSending" }
	/** Report what is outstanding: unsettled sends, rooms not read to their heads. */
	| { readonly do: "pending"; readonly heads: Readonly<Record<string, number>> }
	/** Record the state of the rooms once exactly these user ids are shown as online. */
	| { readonly do: "recordState"; readonly online: readonly string[]; readonly withinMs: number }
	/** Close the client and exit. */
	| { readonly do: "close" };

export interface CommandResult {
	readonly did: ClientCommand["do"];
	/** Of `pending`: what is outstanding, as text; empty if nothing. */
	readonly message: string;
}

if (import.meta.main) {
	process.on("unhandledRejection", fail);
	process.on("uncaughtException", fail);
	await main(JSON.parse(process.argv[2] ?? "") as ClientOptions);
}

async function main(options: ClientOptions): Promise<void> {
	const client = options.transport === "sdk" ? new SdkClient(options) : new LineClient(options);
	for await (const line of createInterface({ input: process.stdin })) {
		const command = JSON.parse(line) as ClientCommand;
		let message = "";
		if (command.do === "stopSending") client.stopSending();
		else if (command.do === "pending") message = client.pending(new Map(Object.entries(command.heads)));
		else if (command.do === "recordState" && client instanceof SdkClient)
			await client.recordState(command.online, command.withinMs);
		else if (command.do === "close") await client.close();
		const result: CommandResult = { did: command.do, message };
		process.stdout.write(`${JSON.stringify(result)}\n`);
		if (command.do === "close") process.exit(0);
	}
	// stdin closed: the parent process is gone.
	process.exit(1);
}
