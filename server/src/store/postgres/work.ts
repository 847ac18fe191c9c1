// Statements in flight.
import { attended } from "./attended.ts";
import type { Connection, Statement, Value } from "./connection.ts";
import { DecideAgain } from "./errors.ts";

/** In order; whoever writes waits for all of them. */
export class Work {
	private readonly connection: Connection;
	private under: Promise<void>[] = [];

	constructor(connection: Connection) {
		this.connection = connection;
	}

	/** `count`: the rows that it must change; fewer mean that others were first. */
	do(statement: Statement, values: readonly Value[], count?: number): void {
		const done = this.connection.ask(statement, values).then((answer) => {
			if (count !== undefined && answer.count !== count)
				throw new DecideAgain(`${statement.name}: ${answer.count} of ${count} rows`);
		});
		this.under.push(attended(done));
	}

	async done(): Promise<void> {
		await Promise.all(this.under.splice(0));
	}
}
