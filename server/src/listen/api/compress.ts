// Long answers, compressed for whoever asks for it. Only what GET gives: no answer that holds a token, so that its length tells nothing of one
// (BREACH). Off the event loop: a page takes milliseconds.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { noteAnswer } from "../web/access.ts";

/** Below this it does not pay. */
const BYTES_MIN = 1_024;
/** The quickest: text as JSON shrinks to a fifth with it, and to little less with more. */
const LEVEL = 1;

const compress = promisify(gzip);

/** The answer, compressed where it is long and the request takes gzip. */
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

/** RFC 9110, section 12.5.3: named, or by `*`, and not with the weight 0. */
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
