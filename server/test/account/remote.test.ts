// Accounts of worker threads: one service, whichever worker asks.
import { describe, expect, test } from "bun:test";
import { Refusal } from "@verbatim/protocol";
import { AccountClosed, type Accounts, type Identity } from "../../src/account/accounts.ts";
import { createAccountsServer, openRemoteAccounts } from "../../src/account/remote-accounts.ts";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { type PortPair, portPair } from "../thread/pair.ts";
import { startAccounts } from "./support.ts";

type Credential = Parameters<Accounts["authenticate"]>[0];

const KEY = "abcdefghijklmnopqrstuvwxyz";
const FROM = { address: "192.0.2.1", resumable: true };

function guest(name: string, key = KEY): Credential {
	return { case: "guest", value: { $typeName: "verbatim.v1.Guest", name, key } };
}

async function twoWorkers() {
	const server = await startAccounts();
	const pairs: [PortPair, PortPair] = [portPair(), portPair()];
	const service = createAccountsServer(server.accounts);
	for (const { far } of pairs) service.serve(far);
	const workers = pairs.map(({ near }) => openRemoteAccounts(near)) as [Accounts, Accounts];
	for (const pair of pairs) pair.open();
	return {
		...server,
		workers,
		/** All that was told has been taken, and written. */
		async settle() {
			for (const pair of pairs) await pair.settle();
			await server.store.append({ kind: "userChange", id: "u-nobody", nowMs: 0, change: {} });
		},
		close() {
			for (const pair of pairs) pair.close();
			server.accounts.stop();
		},
	};
}

describe("accounts of worker threads", () => {
	test("a guest's name is reserved until no worker has a session of it", async () => {
		const { workers, store, settle, close } = await twoWorkers();
		const { user } = await workers[0].authenticate(guest("ann"), FROM);
		const expiry = async () => {
			await settle();
			return (await store.user(user.id))?.expiresMs;
		};
		workers[0].began(user);
		workers[1].began(user);
		workers[1].began(user);
		expect(await expiry()).toBeUndefined();
		workers[0].ended(user, true);
		expect(await expiry()).toBeUndefined();
		// Twice, as by a session that had not begun.
		workers[0].ended(user, true);
		expect(await expiry()).toBeUndefined();
		workers[1].ended(user, true);
		expect(await expiry()).toBeGreaterThanOrEqual(ACCOUNT_DEFAULTS.guestHoldMs);
		close();
	});

	test("what a worker is told of a user has no more than a session keeps, and the tokens that both workers accept", async () => {
		const { workers, close } = await twoWorkers();
		const register: Credential = {
			case: "register",
			value: { $typeName: "verbatim.v1.Password", name: "cat", password: "a password, long enough" },
		};
		const identity = await workers[0].authenticate(register, FROM);
		expect(Object.keys(identity.user).toSorted()).toEqual(["generation", "id", "kind", "name"]);
		const access = identity.tokens?.access ?? "";
		const again: Identity = await workers[1].authenticate({ case: "token", value: access }, FROM);
		expect(again.user).toEqual(identity.user);
		const fresh = await workers[1].refresh(identity.tokens?.refresh ?? "");
		expect(fresh.access).toBeString();
		close();
	});

	test("refusals come as they are, and of a closed account with its user", async () => {
		const { workers, store, close } = await twoWorkers();
		const { user } = await workers[0].authenticate(
			{ case: "register", value: { $typeName: "verbatim.v1.Password", name: "cat", password: "a password, long enough" } },
			FROM,
		);
		const login: Credential = {
			case: "login",
			value: { $typeName: "verbatim.v1.Password", name: "cat", password: "a password, long enough" },
		};
		const taken = await workers[1].authenticate(guest("cat"), FROM).catch((cause: unknown) => cause);
		expect(taken).toBeInstanceOf(Refusal);
		expect(taken).toMatchObject({ code: "name_taken" });
		await store.append({ kind: "userChange", id: user.id, nowMs: 0, change: { disabled: true } });
		const closed = await workers[1].authenticate(login, FROM).catch((cause: unknown) => cause);
		expect(closed).toBeInstanceOf(AccountClosed);
		expect(closed).toMatchObject({ code: "forbidden", user: user.id });
		expect((await workers[1].byName("CAT"))?.id).toBe(user.id);
		close();
	});
});
