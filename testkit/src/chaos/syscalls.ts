// Checks the system calls of a server under strace: no message is delivered or acknowledged before it is durable. For each message: a
// write to the write-ahead log carries it; a sync of that log, begun after the transaction's last frame was written, has returned 0;
// only then does a write to a socket carry the message or its acknowledgement.
//
// Frames of the log are known by SQLite's file format (https://www.sqlite.org/fileformat2.html, section 4.1): a header of 24 bytes,
// whose second word is not 0 in a transaction's last frame, then the page.

/** One call, with the positions of its begin and its return in the trace. */
export interface SystemCall {
	readonly name: string;
	/** What the first argument (a file descriptor) refers to: a path, or a socket's addresses. */
	readonly target: string;
	/** What is written; empty for a sync. */
	readonly bytes: Uint8Array;
	readonly result: number;
	readonly beganAt: number;
	readonly returnedAt: number;
}

/** A message that was acknowledged at `seq`. No other has its text. */
export interface AcknowledgedText {
	readonly text: string;
	readonly seq: number;
}

/** Command prefix that traces into `file` in the format of `parseTrace`. The command keeps its pid. */
export function straceArguments(file: string): string[] {
	const calls = "write,writev,pwrite64,pwritev,pwritev2,send,sendto,sendmsg,fsync,fdatasync";
	return ["strace", "-D", "-f", "--seccomp-bpf", "-yy", "-xx", "-s", "65536", "-e", `trace=${calls}`, "-o", file];
}

const LINE = /^(\d+) +(.*)$/;
const BEGIN = /^(\w+)\(\d+<(.*?)>[,)]?(.*)$/;
const UNFINISHED = / <unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/;
/** A call whose thread was killed in it has no result: it counts as failed, but its write may have gone out. */
const RESULT = /= (?:(-?\d+)[^"=]*|\?)$/;
const NEVER_RETURNED = ") = ?";

export function parseTrace(trace: string): SystemCall[] {
	const calls: SystemCall[] = [];
	const open = new Map<string, { readonly beganAt: number; readonly text: string }>();
	for (const [at, line] of trace.split("\n").entries()) {
		const [, thread = "", rest = ""] = LINE.exec(line) ?? [];
		const resumed = RESUMED.exec(rest);
		if (UNFINISHED.test(rest)) {
			open.set(thread, { beganAt: at, text: rest.replace(UNFINISHED, "") });
			continue;
		}
		const begun = resumed === null ? { beganAt: at, text: rest } : open.get(thread);
		if (begun === undefined) continue;
		open.delete(thread);
		const call = callOf(resumed === null ? begun.text : `${begun.text}${resumed[2]}`);
		if (call !== undefined) calls.push({ ...call, beganAt: begun.beganAt, returnedAt: at });
	}
	for (const { beganAt, text } of open.values()) {
		const call = callOf(text + NEVER_RETURNED);
		if (call !== undefined) calls.push({ ...call, beganAt, returnedAt: Number.POSITIVE_INFINITY });
	}
	return calls;
}

function callOf(text: string): Pick<SystemCall, "name" | "target" | "bytes" | "result"> | undefined {
	const [, name = "", target = "", rest = ""] = BEGIN.exec(text) ?? [];
	const returned = RESULT.exec(text);
	if (name === "" || returned === null) return undefined;
	// A gathering write has several strings; their order is that of the bytes.
	const hex = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, string = ""]) => string.replaceAll("\\x", "")).join("");
	return { name, target: fromHex(target), bytes: Uint8Array.from(Buffer.from(hex, "hex")), result: Number(returned[1] ?? -1) };
}

/** With `-xx` paths are written as hex too. */
function fromHex(target: string): string {
	return /^(\\x[0-9a-f]{2})+$/.test(target) ? Buffer.from(target.replaceAll("\\x", ""), "hex").toString() : target;
}

/** Messages delivered or acknowledged before they were durable, as text; empty if none. */
export function checkAcknowledgements(calls: readonly SystemCall[], messages: readonly AcknowledgedText[]): string[] {
	const frames = framesOf(calls);
	const syncs = calls.filter(({ name, target, result }) => /^f(data)?sync$/.test(name) && isLog(target) && result === 0);
	const out = calls.filter(({ target, bytes }) => target.startsWith("TCP") && bytes.length > 0);
	const findings: string[] = [];
	for (const { text, seq } of messages) {
		const needle = Buffer.from(text);
		const acknowledgement = new RegExp(`"sent":\\{"room":"[^"]+","epoch":\\d+,"seq":${seq},`);
		const delivery = out.find(({ bytes }) => {
			const words = Buffer.from(bytes);
			return words.includes(needle) || acknowledgement.test(words.toString("latin1"));
		});
		const carrying = frames.findIndex(({ page }) => Buffer.from(page).includes(needle));
		const last = frames.slice(carrying).find(({ isLast }) => isLast);
		if (delivery === undefined) findings.push(`not delivered: ${JSON.stringify(text)}`);
		else if (carrying < 0 || last === undefined) findings.push(`${JSON.stringify(text)} was not written to the log`);
		else if (!syncs.some(({ beganAt, returnedAt }) => beganAt > last.writtenAt && returnedAt < delivery.beganAt)) {
			findings.push(
				`${JSON.stringify(text)} went out at line ${delivery.beganAt}, written at ${last.writtenAt}, with no sync between`,
			);
		}
	}
	return findings;
}

interface Frame {
	readonly page: Uint8Array;
	/** Of its transaction. */
	readonly isLast: boolean;
	readonly writtenAt: number;
}

const FRAME_HEADER_BYTES = 24;

/** SQLite writes a frame as its header and then its page. */
function framesOf(calls: readonly SystemCall[]): Frame[] {
	const frames: Frame[] = [];
	let header: Uint8Array | undefined;
	for (const { name, target, bytes, returnedAt } of calls) {
		if (!name.startsWith("pwrite") || !isLog(target)) continue;
		if (bytes.length === FRAME_HEADER_BYTES) header = bytes;
		else if (header !== undefined) {
			frames.push({ page: bytes, isLast: new DataView(header.buffer).getUint32(4) !== 0, writtenAt: returnedAt });
			header = undefined;
		}
	}
	return frames;
}

function isLog(target: string): boolean {
	return target.endsWith("/verbatim.db-wal");
}
