import { expect, test } from "bun:test";
import fc from "fast-check";
import { crc32c } from "../../src/mod.ts";
import { bytes, concat } from "../helpers.ts";

// RFC 3720, appendix B.4. The RFC prints the check in the order of its bytes on the wire of iSCSI, least significant first.
const ISCSI_READ = Uint8Array.from([
	0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);

test.each([
	["32 bytes of zeroes", new Uint8Array(32), 0x8a9136aa],
	["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
	["32 incrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
	["32 decrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
	["an iSCSI read command", ISCSI_READ, 0xd9963a56],
	["the digits 1 to 9", bytes("123456789"), 0xe3069283],
	["nothing", new Uint8Array(0), 0],
])("the check of %s is that of RFC 3720", (_, input, check) => {
	expect(crc32c(input)).toBe(check);
});

test("a check goes on from what came before, wherever the bytes are cut", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (head, tail) => {
			expect(crc32c(tail, crc32c(head))).toBe(crc32c(concat([head, tail])));
		}),
	);
});

test("eight bytes a step give what one bit a step gives", () => {
	fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (input) => expect(crc32c(input)).toBe(bitwise(input))));
});

/** The definition, as slow as it is. */
function bitwise(input: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of input) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	}
	return ~crc >>> 0;
}
