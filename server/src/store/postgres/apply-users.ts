// Writes users and their families of tokens.
import type { UserRecord } from "../../log/records.ts";
import type { Snapshot } from "../../log/snapshot.ts";
import { WRITES } from "./statements.ts";
import { numbers, texts } from "./values.ts";
import type { Work } from "./work.ts";
import type { Written } from "./write.ts";

export function putUsers(work: Work, snapshot: Snapshot, users: readonly UserRecord[]): void {
	const loaded = (id: string): UserRecord | undefined => snapshot.users.get(id) ?? undefined;
	const changed = users.filter(({ id }) => loaded(id) !== undefined);
	const added = users.filter(({ id }) => loaded(id) === undefined).sort(byKey);
	const moved = changed.filter(({ id, skeleton, external }) => {
		const before = loaded(id);
		return before?.skeleton !== skeleton || before.external !== external;
	});
	if (moved.length > 0) work.do(WRITES.releaseUserKeys, [texts(moved.map(({ id }) => id))]);
	if (changed.length > 0) work.do(WRITES.users, columnsOf(changed), changed.length);
	if (added.length > 0) work.do(WRITES.addUsers, columnsOf(added), added.length);
}

/** In the order of `USER_COLUMNS`. */
function columnsOf(users: readonly UserRecord[]): string[] {
	return [
		texts(users.map(({ id }) => id)),
		texts(users.map(({ name }) => name)),
		texts(users.map(({ kind }) => kind)),
		texts(users.map(({ skeleton }) => skeleton)),
		texts(users.map(({ passwordHash }) => passwordHash)),
		texts(users.map(({ external }) => external)),
		numbers(users.map(({ createdMs }) => createdMs)),
		numbers(users.map(({ expiresMs }) => expiresMs)),
		numbers(users.map(({ sessionOnly }) => sessionOnly)),
		numbers(users.map(({ generation }) => generation)),
		numbers(users.map(({ disabled }) => disabled)),
	];
}

export function putFamilies(work: Work, { families }: Written): void {
	const dropped = [...families].flatMap(([id, family]) => (family === null ? [id] : []));
	const put = [...families.values()].filter((family) => family !== null).sort(byId);
	if (dropped.length > 0) work.do(WRITES.dropFamilies, [texts(dropped.sort())]);
	if (put.length === 0) return;
	work.do(WRITES.putFamilies, [
		texts(put.map(({ id }) => id)),
		texts(put.map(({ user }) => user)),
		numbers(put.map(({ number }) => number)),
		numbers(put.map(({ issuedMs }) => issuedMs)),
		numbers(put.map(({ expiresMs }) => expiresMs)),
		numbers(put.map(({ ended }) => ended)),
	]);
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
	return a.id < b.id ? -1 : 1;
}

/** By what two transactions may want at once: they wait for each other in one order. */
export function byKey(a: { readonly key: string } | UserRecord, b: { readonly key: string } | UserRecord): number {
	const keyOf = (one: { readonly key: string } | UserRecord): string => ("key" in one ? one.key : one.skeleton);
	return keyOf(a) < keyOf(b) ? -1 : 1;
}
