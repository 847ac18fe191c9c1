// Who has proved to be a user that an operator has locked out.
import { Refusal } from "@verbatim/protocol";

export class AccountClosed extends Refusal {
	/** For the log. */
	readonly user: string;

	constructor(user: string) {
		super("forbidden", "this account is closed; ask an operator");
		this.user = user;
	}
}
