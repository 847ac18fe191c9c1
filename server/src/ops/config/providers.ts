// Identity providers whose tokens are accepted beside Verbatim's own: a list of tables in the file; the same list as JSON in the
// environment and as a flag.
import { type Kind, quoted, Unfit } from "./kinds.ts";

export interface ProviderSetting {
	/** The token's `iss`, exactly. */
	readonly issuer: string;
	/** A value that the token's `aud` must contain. */
	readonly audience: string;
	/** The URL of its public keys; or */
	readonly jwksUrl?: string;
	/** a file with one public key (PEM); or */
	readonly keyFile?: string;
	/** a shared secret, for HS256. */
	readonly secret?: string;
	/** Algorithms accepted; default: those that fit the kind of key. */
	readonly algorithms?: readonly string[];
	/** The claim for a new user's name. */
	readonly nameClaim?: string;
}

const KEYS = new Set(["issuer", "audience", "jwksUrl", "keyFile", "secret", "algorithms", "nameClaim"]);
const ALLOWED = "tables with issuer, audience, one of jwksUrl | keyFile | secret, and optional algorithms, nameClaim";
const SECRET_CHARS_MIN = 32;

export const providerList: Kind<readonly ProviderSetting[]> = {
	allowed: ALLOWED,
	takes: "JSON",
	read(raw) {
		const given = typeof raw === "string" ? parsed(raw) : raw;
		if (!Array.isArray(given)) throw new Unfit(ALLOWED);
		return given.map(provider);
	},
	toml: (providers) => `[${providers.map(inlineTable).join(", ")}]`,
};

function provider(given: unknown): ProviderSetting {
	if (typeof given !== "object" || given === null) throw new Unfit(ALLOWED);
	const fields = new Map(Object.entries(given));
	for (const key of fields.keys()) if (!KEYS.has(key)) throw new Unfit(`${ALLOWED}; not ${quoted(key)}`);
	const string = (key: string): string | undefined => {
		const value: unknown = fields.get(key);
		if (value !== undefined && (typeof value !== "string" || value === "")) throw new Unfit(`for ${key}, text`);
		return value;
	};
	const issuer = string("issuer");
	const audience = string("audience");
	if (issuer === undefined || audience === undefined) throw new Unfit("an issuer and an audience for each provider");
	const [jwksUrl, keyFile, secret, nameClaim] = [string("jwksUrl"), string("keyFile"), string("secret"), string("nameClaim")];
	if ([jwksUrl, keyFile, secret].filter((key) => key !== undefined).length !== 1) {
		throw new Unfit(`exactly one of jwksUrl, keyFile, secret for ${issuer}`);
	}
	if (jwksUrl !== undefined && !/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(jwksUrl)) {
		throw new Unfit("an https address for jwksUrl (http on this machine only)");
	}
	if (secret !== undefined && secret.length < SECRET_CHARS_MIN)
		throw new Unfit(`a secret of ${SECRET_CHARS_MIN} characters or more`);
	const algorithms: unknown = fields.get("algorithms");
	if (algorithms !== undefined && !isTexts(algorithms)) throw new Unfit("for algorithms, a list of names like EdDSA, RS256");
	return {
		issuer,
		audience,
		...(jwksUrl !== undefined && { jwksUrl }),
		...(keyFile !== undefined && { keyFile }),
		...(secret !== undefined && { secret }),
		...(algorithms !== undefined && { algorithms }),
		...(nameClaim !== undefined && { nameClaim }),
	};
}

function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}

function parsed(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		throw new Unfit(`JSON: ${ALLOWED}`);
	}
}

function inlineTable(given: ProviderSetting): string {
	const shown = Object.entries(given).map(([key, value]) => {
		if (key === "secret") return `${key} = "[hidden]"`;
		return `${key} = ${typeof value === "string" ? quoted(value) : `[${value.map(quoted).join(", ")}]`}`;
	});
	return `{ ${shown.join(", ")} }`;
}
