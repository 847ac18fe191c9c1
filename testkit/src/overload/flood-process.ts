// A process of its own that floods a server: `bun flood-process.ts '{"flood": NAME, "way": …}'`. Each of its connections writes as much as is
// taken, reads and forgets whatever is answered, and comes again when it is sent away. It goes on until it is ended, and says on its
// standard output, every `REPORT_MS`, what it has sent so far.
import { createConnection, type Socket } from "node:net";
import { admission, chunkOf, FLOODS, type FloodWay, opening } from "./flood-messages.ts";

export interface FloodOptions {
	readonly flood: string;
	readonly way: FloodWay;
	readonly port: number;
	readonly connections: number;
	/** Source address; undefined: any. */
	readonly from?: string | undefined;
}

export interface FloodReport {
	/** Connections made so far. */
	readonly opened: number;
	/** Bytes of the flood that the kernel has taken. */
	readonly sentBytes: number;
}

/** A connection that ended is made again after this, in ms. */
const AGAIN_MS = 20;
const REPORT_MS = 100;
const HEARD_CHARS_MAX = 64 * 1024;

if (import.meta.main) begin(JSON.parse(process.argv[2] ?? "") as FloodOptions);

function begin(options: FloodOptions): void {
	const { way, from } = options;
	const flood = FLOODS.find(({ name }) => name === options.flood);
	if (flood === undefined) throw new Error(`there is no flood ${options.flood}`);
	const chunk = chunkOf(flood, way);
	let opened = 0;
	let sentBytes = 0;
	for (let i = 0; i < options.connections; i++) open();
	setInterval(() => {
		if (sentBytes > 0) process.stdout.write(`${JSON.stringify({ opened, sentBytes } satisfies FloodReport)}\n`);
	}, REPORT_MS);

	function open(): void {
		const socket = createConnection({
			host: "127.0.0.1",
			port: options.port,
			...(from === undefined ? {} : { localAddress: from }),
		});
		let heard: string | undefined = "";
		socket.on("connect", () => {
			opened++;
			socket.write(opening(way));
			if (way === "line") enter();
		});
		socket.on("data", (data: Buffer) => {
			if (heard === undefined) return;
			heard = (heard + data.toString("latin1")).slice(-HEARD_CHARS_MAX);
			if (!isIn && /^(HTTP\/1\.1 101[\s\S]*\r\n\r\n|VERBATIM\/1 ok.*\n)/.test(heard)) enter();
			else if (isIn && heard.includes(steps[0]?.[1] ?? "")) next();
		});
		socket.on("error", () => {});
		socket.on("close", () => setTimeout(open, AGAIN_MS));
		let isIn = false;
		let steps = flood?.welcomed ? admission(way, `f-${crypto.randomUUID().slice(0, 13)}`) : [];

		function enter(): void {
			isIn = true;
			if (steps[0] === undefined) pour();
			else socket.write(steps[0][0]);
		}

		function next(): void {
			steps = steps.slice(1);
			enter();
		}

		function pour(): void {
			heard = undefined;
			fill(socket);
			socket.on("drain", () => fill(socket));
		}
	}

	function fill(socket: Socket): void {
		do sentBytes += chunk.length;
		while (socket.write(chunk));
	}
}
