// Framing of byte streams, one implementation for each protocol of the peers.

export interface Framing {
	/** Where the frame that begins at `at` ends (exclusive); -1 while it is not whole. */
	end(bytes: Buffer, at: number, to: number): number;
	/** What a whole frame carries. */
	payload(frame: Buffer): Buffer;
}

/** WebSocket messages of one frame each (RFC 6455), from a server, which does not mask. */
export const webSocketFrames: Framing = {
	end(bytes, at, to) {
		if (to - at < 2) return -1;
		const short = byte(bytes, at + 1);
		let length = short;
		if (short >= 126) {
			if (to - at < headOf(short)) return -1;
			length = short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
		}
		const end = at + headOf(short) + length;
		return end <= to ? end : -1;
	},
	payload: (frame) => frame.subarray(headOf(byte(frame, 1))),
};

/** Lines that end in a line feed, with or without a carriage return. */
export const lines: Framing = {
	end(bytes, at, to) {
		const end = bytes.indexOf(10, at);
		return end < 0 || end >= to ? -1 : end + 1;
	},
	payload: (frame) => frame.subarray(0, frame.length - (byte(frame, frame.length - 2) === 13 ? 2 : 1)),
};

/** 4 bytes of big-endian length, the body. */
export const lengthFrames: Framing = {
	end(bytes, at, to) {
		if (to - at < 4) return -1;
		const end = at + 4 + bytes.readUInt32BE(at);
		return end <= to ? end : -1;
	},
	payload: (frame) => frame.subarray(4),
};

/** The head of an HTTP answer, up to its empty line. */
export const httpHead: Framing = {
	end(bytes, at, to) {
		const end = bytes.indexOf("\r\n\r\n", at, "latin1");
		return end < 0 || end + 4 > to ? -1 : end + 4;
	},
	payload: (frame) => frame,
};

/** A client's text message in one frame, with a mask of zeroes, which leaves the bytes as they are. */
export function webSocketText(text: string): Buffer {
	const length = Buffer.byteLength(text);
	const head = length < 126 ? 6 : 8;
	if (length > 0xffff) throw new Error("the load generator sends no messages of more than 64 KiB");
	const frame = Buffer.alloc(head + length);
	frame[0] = 0x81;
	frame[1] = 0x80 | Math.min(length, 126);
	if (length >= 126) frame.writeUInt16BE(length, 2);
	frame.write(text, head);
	return frame;
}

/** The request that opens a WebSocket. */
export function webSocketRequest(port: number, path: string, protocol?: string): Buffer {
	const head = [
		`GET ${path} HTTP/1.1`,
		`Host: 127.0.0.1:${port}`,
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
	];
	return Buffer.from(`${head.join("\r\n")}\r\n\r\n`);
}

/** A frame of `lengthFrames`. */
export function lengthFrame(body: string): Buffer {
	const frame = Buffer.alloc(4 + Buffer.byteLength(body));
	frame.writeUInt32BE(frame.length - 4);
	frame.write(body, 4);
	return frame;
}

function headOf(short: number): number {
	if (short < 126) return 2;
	return short === 126 ? 4 : 10;
}

function byte(bytes: Buffer, at: number): number {
	return bytes[at] ?? 0;
}
