// The log line of a refused log-in by password, over any transport. It has a kind of its own, so that other refusals do not crowd out guessing.
// It names the account that was tried, and nothing of the password.
import type { ErrorCode } from "@verbatim/protocol";
import type { LogFields } from "../base/log.ts";
import type { LogSampler } from "../limit/log-sampler.ts";

/** Longer names cannot exist, and are cut. */
const NAME_CHARS_MAX = 64;

export function logRefusedLogin(
	lines: LogSampler,
	name: string,
	{ code, address, ...where }: { readonly code: ErrorCode; readonly address: string } & LogFields,
): void {
	const account = name.length > NAME_CHARS_MAX ? `${name.slice(0, NAME_CHARS_MAX)}…` : name;
	lines.line(
		{ about: "refused", kind: `log-in refused: ${code}`, address },
		() => ({ ...where, address, account, code }),
		"log-in refused",
	);
}
