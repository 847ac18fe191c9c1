// Mutants for the fuzzer, at least one for each target: a target that cannot fail proves nothing. As for the simulator
// (testkit/src/mutants/), a mutant is data, applied as its file is loaded; a test checks that each `find` occurs exactly once.

export interface FuzzMutant {
	readonly name: string;
	readonly target: string;
	/** From the root of the repository. */
	readonly file: string;
	readonly find: string;
	readonly replace: string;
}

export const FUZZ_MUTANTS: readonly FuzzMutant[] = [
	{
		name: "a byte behind the preface is lost",
		target: "preface",
		file: "protocol/src/frame/preface.ts",
		find: 'return { kind: "framed", preface, rest: bytes.subarray(line.endsAt) };',
		replace: 'return { kind: "framed", preface, rest: bytes.subarray(line.endsAt + 1) };',
	},
	{
		name: "a length one above the limit is taken",
		target: "framers",
		file: "protocol/src/frame/length.ts",
		find: "if (length > this.bytesMax) {",
		replace: "if (length > this.bytesMax + 1) {",
	},
	{
		name: "a damaged body is taken for sound",
		target: "framers",
		file: "protocol/src/frame/length.ts",
		find: "const sound = !this.crc || crc32c(body) === readU32(frame, bodyEnd);",
		replace: "const sound = true;",
	},
	{
		name: "memory is made for what a header claims",
		target: "framers",
		file: "protocol/src/frame/chunk-buffer.ts",
		find: "new Uint8Array(Math.min(bytesMax, Math.max(bytes, this.hold.length * 2, HOLD_BYTES_MIN)))",
		replace: "new Uint8Array(bytesMax)",
	},
	{
		name: "a message of a WebSocket that waits for its turn is lost",
		target: "wire",
		file: "server/src/listen/connection/ws.ts",
		find: 'this.read(queue.shift() ?? "");',
		replace: "held.shift();",
	},
	{
		name: "__proto__ of JSON is taken in",
		target: "codecs",
		file: "protocol/src/codec/json-read.ts",
		find: "if (field === undefined) unknown(schema, key, value);",
		replace:
			'if (field === undefined && key === "__proto__") Object.assign(into, value);\n\t\telse if (field === undefined) unknown(schema, key, value);',
	},
	{
		name: "wrong UTF-8 is mended",
		target: "codecs",
		file: "protocol/src/codec/utf8.ts",
		find: 'new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })',
		replace: 'new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })',
	},
	{
		name: "a length of 128 is written in one byte",
		target: "codecs",
		file: "protocol/src/codec/proto-write.ts",
		find: "if (length < 0x80) {",
		replace: "if (length <= 0x80) {",
	},
	{
		name: "a text is measured in UTF-16 units",
		target: "limits",
		file: "protocol/src/check.ts",
		find: "return value.length > bytesMax || utf8Bytes(value) > bytesMax;",
		replace: "return value.length > bytesMax;",
	},
	{
		name: "a member who left for a reason is a member still",
		target: "limits",
		file: "protocol/src/fold.ts",
		find: 'return sender ? [{ kind: "gone", user: sender }] : NONE;',
		replace: 'return sender && body.value.reason === "" ? [{ kind: "gone", user: sender }] : NONE;',
	},
	{
		name: "ESC goes out to terminals",
		target: "lines",
		file: "server/src/base/escape-controls.ts",
		find: "/[\\p{Cc}",
		replace: "/[\\u0000-\\u001a\\u001c-\\u009f",
	},
	{
		name: "telnet's end of a line is missed where it is cut in two",
		target: "lines",
		file: "server/src/listen/line/reader.ts",
		find: "this.searched = Math.max(0, this.bytes - 1);",
		replace: "this.searched = this.bytes;",
	},
	{
		name: "a name is checked as written only",
		target: "names",
		file: "protocol/src/name/precis.ts",
		find: "charProblem(widthMapped) ?? charProblem(text) ?? bidiProblem(text)",
		replace: "charProblem(widthMapped) ?? bidiProblem(text)",
	},
	{
		name: "a refresh token passes as an access token",
		target: "tokens",
		file: "server/src/account/tokens.ts",
		find: "typ: headerType(kind),\n\t\t\t\t\t\tissuer",
		replace: "issuer",
	},
	{
		name: "a provider's secret is shown",
		target: "config",
		file: "server/src/ops/config/providers.ts",
		find: 'if (key === "secret") return',
		replace: 'if (key === "Secret") return',
	},
	{
		name: "a command is answered twice",
		target: "wire",
		file: "server/src/session/session.ts",
		find: "if (id > 0) this.send(id, body);",
		replace: "if (id > 0) this.send(id, body);\n\t\tif (id === 3) this.send(id, body);",
	},
	{
		name: "a WebSocket that is gone keeps its place",
		target: "wire",
		file: "server/src/listen/http-listener.ts",
		find: "this.parts.admission.release(link.address);",
		replace: "",
	},
	{
		name: "a room that is not there is our mistake",
		target: "wire",
		file: "server/src/command/room-ref.ts",
		find: 'new Refusal("no_such_room")',
		replace: 'new Error("no such room")',
	},
	{
		name: "a page begins where no number reaches",
		target: "wire",
		file: "server/src/room/as-of.ts",
		find: "const from = Math.min(wanted, LIMITS.seqMax);",
		replace: "const from = wanted;",
	},
	{
		name: "what a person is told goes out as it was said",
		target: "people",
		file: "server/src/listen/line/connection.ts",
		find: "this.out += lineOf(line);",
		replace: 'this.out += line + "\\n";',
	},
	{
		name: "a body that is no JSON is our mistake",
		target: "http",
		file: "server/src/listen/api/request.ts",
		find: 'throw new Refusal("malformed", "the body must be JSON");',
		replace: 'throw new Error("the body must be JSON");',
	},
	{
		name: "a path that is badly encoded is our mistake",
		target: "http",
		file: "server/src/listen/api/routes.ts",
		find: 'return { kind: "malformed" };',
		replace: 'throw new Error("malformed");',
	},
];
