// Puts into an outbox on a disk that takes no more at some time (a limit on the size of files, set from outside), and prints what came of it.
import { readdirSync } from "node:fs";
import { fileOutbox, type StoredSend } from "../../src/node.ts";

const folder = process.argv[2] ?? "";
const PUTS = 150;

const openFiles = (): number => readdirSync("/dev/fd").length;
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
const send = (n: number): StoredSend => ({ user: "u_ann", room: "r_tea", cid: `c${n}`, text: "y".repeat(3_000), atMs: n });

const outbox = fileOutbox(folder);
await outbox.open("u_ann");
const filesBefore = openFiles();
const kept: string[] = [];
const failures = new Set<string>();
for (let n = 0; n < PUTS; n++) {
	await outbox.put(send(n)).then(
		() => kept.push(send(n).cid),
		(error: unknown) => failures.add(codeOf(error)),
	);
}
const filesAfter = openFiles();
const inFolder = readdirSync(folder).length;
// Bun and Node complain of files that nobody has closed.
Bun.gc(true);
const closed = await outbox.close().then(() => "", codeOf);

const next = fileOutbox(folder);
const found = (await next.open("u_ann")).map(({ cid }) => cid);
// There is room again, and what could not be kept before is, together with what is said now.
for (let n = 0; n < PUTS; n++) await next.put(send(n)).catch(() => undefined);
for (let n = 3; n < PUTS; n++) await next.remove(send(n)).catch(() => undefined);
// The line may be what is too much for the file as it is; the next try makes it anew.
await next.put(send(PUTS)).catch(() => next.put(send(PUTS)));
await next.close();
const last = fileOutbox(folder);
const left = (await last.open("u_ann")).map(({ cid }) => cid);
for (const cid of left) await last.remove({ ...send(0), cid });
await last.close();

process.stdout.write(
	JSON.stringify({
		failures: [...failures],
		filesLeftOpen: filesAfter - filesBefore,
		inFolder,
		closed,
		kept,
		found,
		left,
		inFolderAtLast: readdirSync(folder).length,
	}),
);
