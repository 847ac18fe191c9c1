// Compresses long answers for clients that accept gzip. Only answers to GET: none of them holds a token, which its length could leak (BREACH).
// Off the event loop: a page takes milliseconds.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { noteAnswer } from "../web/access.ts";

/** Shorter answers are not worth compressing. */
const BYTES_MIN = 1_024;
/** The fastest: JSON shrinks to a fifth, and hardly further at higher levels. */
const LEVEL = 1;

const compress = promisify(gzip);

/** The answer, compressed if it is long and the request accepts gzip. */
export async function compressed(request: Request, answer: Response): Promise<Response> {
	if (request.method !== "GET") return answer;
	answer.headers.append("vary", "accept-encoding");
	if (!takesGzip(request.headers.get("accept-encoding") ?? "")) return answer;
	const { status, headers } = answer;
	const body = await answer.arrayBuffer();
	const answered = (bytes: ArrayBuffer | Buffer<ArrayBuffer>): Response =>
		noteAnswer(new Response(bytes, { status, headers }), { bytes: bytes.byteLength });
	if (body.byteLength < BYTES_MIN) return answered(body);
	headers.set("content-encoding", "gzip");
	return answered(await compress(body, { level: LEVEL }));
}

/** RFC 9110, section 12.5.3: listed, or by `*`, and not with weight 0. */
function takesGzip(acceptEncoding: string): boolean {
	const weights = new Map(
		acceptEncoding.split(",").map((each) => {
			const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
			const weight = parameters.find((parameter) => parameter.startsWith("q="));
			return [name, weight === undefined ? 1 : Number(weight.slice(2))] as const;
		}),
	);
	return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}
