// One client in a process of its own. What it is stands in its argument; what it is to do comes as lines on its standard input, its
// answers go out in the same way. It is killed and stopped without a word.
import { createInterface } from "node:readline";
import { App, type AppOptions } from "./app.ts";
import { fail } from "./fail.ts";
import { Liner, type LinerOptions } from "./liner.ts";

export type ClientOptions = ({ readonly door: "sdk" } & AppOptions) | ({ readonly door: "line" } & LinerOptions);

export type Order =
	/** Say nothing more. */
	| { readonly do: "hush" }
	/** Tell what is still waited for: everything answered, and each room read to its head. */
	| { readonly do: "report"; readonly heads: Readonly<Record<string, number>> }
	/** Write down how the rooms look, once these user ids are shown as online. */
	| { readonly do: "look"; readonly online: readonly string[]; readonly withinMs: number }
	/** End in good order. */
	| { readonly do: "leave" };

export interface Answer {
	readonly did: Order["do"];
	/** Of a report: what is waited for, in words; empty if nothing. */
	readonly words: string;
}

if (import.meta.main) {
	process.on("unhandledRejection", fail);
	process.on("uncaughtException", fail);
	await main(JSON.parse(process.argv[2] ?? "") as ClientOptions);
}

async function main(options: ClientOptions): Promise<void> {
	const client = options.door === "sdk" ? new App(options) : new Liner(options);
	for await (const line of createInterface({ input: process.stdin })) {
		const order = JSON.parse(line) as Order;
		let words = "";
		if (order.do === "hush") client.hush();
		else if (order.do === "report") words = client.waitsFor(new Map(Object.entries(order.heads)));
		else if (order.do === "look" && client instanceof App) await client.look(order.online, order.withinMs);
		else if (order.do === "leave") await client.close();
		const answer: Answer = { did: order.do, words };
		process.stdout.write(`${JSON.stringify(answer)}\n`);
		if (order.do === "leave") process.exit(0);
	}
	// Whoever started it has gone.
	process.exit(1);
}
