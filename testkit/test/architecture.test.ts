// ARCHITECTURE.md follows one message with its real bytes. They stay real.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, type Down, type DownBody, DownSchema, jsonCodec, lengthFramer, protoCodec, UpSchema } from "@verbatim/protocol";

const page = readFileSync(join(import.meta.dir, "../../ARCHITECTURE.md"), "utf8");
const room = "r01kb0t2m3h8qxv5c9n4w7y6dze";
const epoch = 2917301;
const atMs = 1795224000123;

const up = create(UpSchema, { id: 7, command: { case: "send", value: { room, cid: "019aa0c2", text: "hello" } } });

function down(id: number, body: DownBody): Down {
	return create(DownSchema, { id, body });
}

/** The bytes of the page's hex dump, the words beside them left out. */
function bytesOnPage(): string {
	const dump = page.split("\n").flatMap((line) => /^(?:[0-9a-f]{2}(?: {1,2}|$)){3,}/.exec(line)?.[0] ?? []);
	return dump.join("").replaceAll(" ", "");
}

describe("the bytes in ARCHITECTURE.md", () => {
	test("are those of the frame that carries the send", () => {
		const frame = lengthFramer({ bytesMax: 65_536, crc: true }).encode(protoCodec.encodeUp(up) as Uint8Array);
		expect(bytesOnPage()).toContain(Buffer.from(frame).toString("hex"));
	});

	test("are those of its JSON form, of the push, and of the answer", () => {
		expect(page).toContain(jsonCodec.encodeUp(up) as string);
		const sender = { id: "u01kb0t1x9e5r7s3a8k2p6m4qfg", name: "ann" };
		const entries = [{ seq: 2, atMs, sender, cid: "019aa0c2", body: { case: "message" as const, value: { text: "hello" } } }];
		const push = down(0, { case: "entries", value: { room, epoch, entries } });
		expect(page).toContain(jsonCodec.encodeDown(push) as string);
		expect(page).toContain(`${protoCodec.encodeDown(push).length} bytes of Protobuf`);
		expect(page).toContain(jsonCodec.encodeDown(down(7, { case: "sent", value: { room, epoch, seq: 2, atMs } })) as string);
	});
});
