// An identity provider that shares a secret with the server under test, and those who would like to be one (RFC 7515, HS256).
import { createHmac } from "node:crypto";

const ISSUER = "https://id.example.org";
const AUDIENCE = "verbatim-tests";
const SECRET = "a secret of the tests, 32 characters or more";

/** The server's flag that makes it believe `signedToken`. */
export const PROVIDER_FLAG = `--providers=${JSON.stringify([{ issuer: ISSUER, audience: AUDIENCE, secret: SECRET }])}`;

/** A token that is right except for what is said otherwise; `livesMs` from now on, negative: ended in the past. */
export function signedToken(subject: string, { livesMs = 600_000, secret = SECRET, algorithm = "HS256" } = {}): string {
	const nowS = Math.floor(Date.now() / 1_000);
	const head = encoded({ alg: algorithm, typ: "JWT" });
	const exp = Math.floor((Date.now() + livesMs) / 1_000);
	const claims = encoded({ iss: ISSUER, aud: AUDIENCE, sub: subject, preferred_username: subject, iat: nowS - 3_600, exp });
	const signature = algorithm === "none" ? "" : createHmac("sha256", secret).update(`${head}.${claims}`).digest("base64url");
	return `${head}.${claims}.${signature}`;
}

function encoded(value: unknown): string {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}
