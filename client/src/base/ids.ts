// Idempotency keys (cids): UUID version 7 (RFC 9562), 48 bits of time and 74 random bits. Unique without coordination, and ordered
// by time, which keeps them close together in the server's index.
import type { Clock, Random } from "./clock.ts";

/**
 * The cid under which a send is tried again whose cid was answered. It follows from that one: where two programs have the same send in their
 * outboxes, both try it under the same cid, and the server takes it once. A new cid has no "~", so no other send has one of these.
 */
export function nextCid(cid: string): string {
	const [base = "", tries = "1"] = cid.split("~");
	return `${base}~${Number(tries) + 1}`;
}

/** A new cid: 36 characters, lower case. */
export function newCid(clock: Pick<Clock, "now">, random: Pick<Random, "bytes">): string {
	const bytes = random.bytes(16);
	const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
	const ms = Math.floor(clock.now());
	view.setUint16(0, Math.floor(ms / 0x1_0000_0000));
	view.setUint32(2, ms % 0x1_0000_0000);
	view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
	view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
