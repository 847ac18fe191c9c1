// Finds the primary among the hosts of the address, and opens connections to it.
import type { PostgresAddress, Target } from "./address.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { messageOf, ReadOnlyError } from "./errors.ts";

export class Hosts {
	private readonly targets: readonly Target[];
	/** Where the newest connection succeeded: tried first. */
	private first = 0;

	constructor(address: PostgresAddress) {
		this.targets = address.targets;
	}

	/** A connection to the first host that takes writes. Rejects with the trouble of the last host tried. */
	async open(options: ConnectionOptions): Promise<Connection> {
		const start = this.first;
		let trouble: unknown;
		for (let i = 0; i < this.targets.length; i++) {
			const at = (start + i) % this.targets.length;
			const target = this.targets[at];
			if (target === undefined) continue;
			try {
				const connection = await this.openAt(target, options);
				this.first = at;
				return connection;
			} catch (cause) {
				// A password that is refused says more than a host that is down.
				if (trouble === undefined || !(cause instanceof ReadOnlyError)) trouble = cause;
			}
		}
		throw trouble;
	}

	private async openAt(target: Target, options: ConnectionOptions): Promise<Connection> {
		const connection = await Connection.open(target, options);
		try {
			const { rows } = await connection.ask<{ standby: boolean; read_only: string }>({
				text: "SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') AS read_only",
			});
			if (rows[0]?.standby !== false || rows[0].read_only !== "off") {
				throw new ReadOnlyError(`${target.host}:${target.port} takes no writes`);
			}
			return connection;
		} catch (cause) {
			connection.destroy();
			throw cause instanceof Error ? cause : new Error(messageOf(cause));
		}
	}
}
