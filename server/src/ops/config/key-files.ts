// Files named by the configuration: keys of tokens and identity providers, and the administrators' token.
import { readFile } from "node:fs/promises";
import { ACCOUNT_DEFAULTS, type AccountSettings, type ProviderSettings } from "../../account/settings.ts";
import { parseRedisAddress, type RedisAddress } from "../../bus/redis/address.ts";
import { type PostgresAddress, parsePostgresAddress } from "../../store/postgres/address.ts";
import type { BusSettings, Config, DatabaseSettings } from "./config.ts";
import type { ProviderSetting } from "./providers.ts";

/** The file with the keys of tokens, or of an identity provider, cannot be used; the message names it. */
export class KeyFileError extends Error {
	constructor(setting: string, path: string, why: string, cause?: unknown) {
		super(`${setting}: the file ${path} cannot be used: ${why}`, { cause });
		this.name = "KeyFileError";
	}
}

/** The configuration of accounts. Rejects with `KeyFileError`. */
export async function accountSettingsOf(config: Config): Promise<AccountSettings> {
	const { guests, registration, tokenKeyFile, loginsPerMinute } = config;
	return {
		...ACCOUNT_DEFAULTS,
		guests,
		registration,
		passwords: { ...ACCOUNT_DEFAULTS.passwords, charsMax: config.limits.passwordCharsMax },
		tokens: { ...ACCOUNT_DEFAULTS.tokens, keys: tokenKeyFile === undefined ? [] : await readKeys(tokenKeyFile) },
		limits: { ...ACCOUNT_DEFAULTS.limits, perAddress: { perSecond: loginsPerMinute / 60, burst: loginsPerMinute } },
		providers: await Promise.all(config.providers.map(providerOf)),
	};
}

/** Where the PostgreSQL is, with what its files hold. Rejects with `KeyFileError` or `PostgresAddressError`. */
export async function storeAddressOf({ address, passwordFile, caFile }: DatabaseSettings): Promise<PostgresAddress> {
	const password = passwordFile === undefined ? undefined : firstLine(await readNamed("storePasswordFile", passwordFile));
	const ca = caFile === undefined ? undefined : await readNamed("storeCaFile", caFile);
	return parsePostgresAddress(address, { ...(password === undefined ? {} : { password }), ...(ca === undefined ? {} : { ca }) });
}

/** Where the Redis of the bus is, with what its files hold. Rejects with `KeyFileError` or `RedisAddressError`. */
export async function busAddressOf({ address, passwordFile, caFile }: BusSettings): Promise<RedisAddress> {
	return parseRedisAddress(address, {
		...(passwordFile === undefined ? {} : { password: firstLine(await readNamed("busPasswordFile", passwordFile)) }),
		...(caFile === undefined ? {} : { ca: await readNamed("busCaFile", caFile) }),
	});
}

/** Rejects with `KeyFileError`. */
export async function readAdminToken(path: string): Promise<string> {
	const token = (await readNamed("adminTokenFile", path)).trim();
	if (/^[!-~]{32,}$/.test(token)) return token;
	throw new KeyFileError("adminTokenFile", path, "a token is one word of 32 characters of chance or more");
}

/** One key a line; empty lines and comments (#) are skipped. */
async function readKeys(path: string): Promise<string[]> {
	const lines = (await readNamed("tokenKeyFile", path)).split("\n").map((line) => line.trim());
	const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
	if (keys.length === 0)
		throw new KeyFileError("tokenKeyFile", path, "there is no key in it; write 32 characters of chance or more");
	return keys;
}

async function providerOf({ keyFile, ...given }: ProviderSetting): Promise<ProviderSettings> {
	return keyFile === undefined ? given : { ...given, keyPem: await readNamed(`providers (${given.issuer})`, keyFile) };
}

function firstLine(content: string): string {
	return content.split(/\r?\n/, 1)[0] ?? "";
}

async function readNamed(setting: string, path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		throw new KeyFileError(setting, path, cause instanceof Error ? cause.message : String(cause), cause);
	}
}
