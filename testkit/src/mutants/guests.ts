// Deliberate bugs in how a guest is known again whose welcome was lost.
import type { Mutant } from "./list.ts";

export const GUEST_MUTANTS: readonly Mutant[] = [
	{
		name: "a guest is not recognised by its key",
		file: "server/src/account/guest-login.ts",
		find: 'if (key === "") return undefined;',
		replace: "return undefined;",
		breaks: "a guest whose welcome was lost is that guest",
	},
	{
		name: "a hello in execution blocks its guest's name",
		file: "server/src/account/guest-login.ts",
		find: 'outcome.code === "name_taken" ? await byKey(external) : undefined;',
		replace: "undefined as UserRecord | undefined;",
		breaks: "a guest whose welcome was lost is that guest",
	},
	{
		name: "a client has another key for each hello",
		file: "client/src/session/guest-key.ts",
		find: "return this.known(name) ?? this.set(",
		replace: "return this.set(",
		breaks: "a guest whose welcome was lost is that guest",
	},
	{
		name: "a key is not kept before its first hello",
		file: "client/src/session/identity.ts",
		find: 'if (offer?.case === "guest") await this.keepKey(offer.value.name ?? "");',
		replace: "",
		breaks: "a guest whose welcome was lost is that guest, also after a restart of its program",
	},
];
