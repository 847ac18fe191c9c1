// CRC-32C (Castagnoli): the check of iSCSI (RFC 3720 appendix B.4), ext4 and SCTP. Eight bytes a step by eight tables
// ("slicing by 8", Kounavis and Berry, 2005), since it runs over every byte of a checked connection.

const POLYNOMIAL_REFLECTED = 0x82f6_3b78;
const TABLES = makeTables();

/** The CRC-32C of `bytes`, unsigned. `seed`: the CRC of the preceding bytes. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
	let crc = ~seed;
	let i = 0;
	for (const whole = bytes.length - 7; i < whole; i += 8) {
		crc ^= word(bytes, i);
		crc =
			entry(7, crc & 255) ^
			entry(6, (crc >>> 8) & 255) ^
			entry(5, (crc >>> 16) & 255) ^
			entry(4, crc >>> 24) ^
			entry(3, at(bytes, i + 4)) ^
			entry(2, at(bytes, i + 5)) ^
			entry(1, at(bytes, i + 6)) ^
			entry(0, at(bytes, i + 7));
	}
	for (; i < bytes.length; i++) crc = entry(0, (crc ^ at(bytes, i)) & 255) ^ (crc >>> 8);
	return ~crc >>> 0;
}

function word(bytes: Uint8Array, i: number): number {
	return at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
}

function at(bytes: Uint8Array, i: number): number {
	return bytes[i] as number;
}

/** Entry of `table` for `byte`; the tables are concatenated. */
function entry(table: number, byte: number): number {
	return TABLES[(table << 8) | byte] as number;
}

function makeTables(): Int32Array {
	const tables = new Int32Array(8 * 256);
	for (let byte = 0; byte < 256; byte++) {
		let crc = byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REFLECTED : crc >>> 1;
		tables[byte] = crc;
	}
	for (let i = 256; i < tables.length; i++) {
		const before = tables[i - 256] as number;
		tables[i] = (tables[before & 255] as number) ^ (before >>> 8);
	}
	return tables;
}
