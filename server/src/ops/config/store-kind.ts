// Where messages are kept: a word, or the address of a database.
import { isPostgresAddress, PostgresAddressError, parsePostgresAddress, withoutPassword } from "../../store/postgres/address.ts";
import { type Kind, quoted, Unfit } from "./kinds.ts";

const ALLOWED = "sqlite | memory | postgres://USER@HOST[:PORT]/DATABASE";

export const storeKind: Kind<string> = {
	allowed: ALLOWED,
	takes: "sqlite|memory|postgres://…",
	read(raw) {
		if (raw === "sqlite" || raw === "memory") return raw;
		if (typeof raw !== "string" || !isPostgresAddress(raw)) throw new Unfit(ALLOWED);
		try {
			parsePostgresAddress(raw);
			return raw;
		} catch (error) {
			if (error instanceof PostgresAddressError) throw new Unfit(`${ALLOWED}; ${error.message}`);
			throw error;
		}
	},
	// Who needs the password to be read back keeps it in a file (storePasswordFile).
	toml: (value) => quoted(withoutPassword(value)),
};
