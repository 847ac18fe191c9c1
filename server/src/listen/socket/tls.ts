// Certificate and key of a listener, read and checked before it opens, so that a mistake stops the start with a clear message instead of failing
// the first client's handshake.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BindError } from "./bind.ts";

/** Paths of PEM files: the certificate with its chain, and its private key. */
export interface TlsFiles {
	readonly cert: string;
	readonly key: string;
}

/** What Bun's listeners take. */
export interface TlsMaterial {
	readonly cert: string;
	readonly key: string;
}

/** Rejects with `BindError`. `setting` is the configuration key, `tls.http`. */
export async function loadTls(setting: string, files: TlsFiles): Promise<TlsMaterial> {
	const cert = await read(`${setting}.cert`, files.cert);
	const key = await read(`${setting}.key`, files.key);
	const certificate = parse(`${setting}.cert`, files.cert, "a certificate", () => new X509Certificate(cert));
	const privateKey = parse(`${setting}.key`, files.key, "an unencrypted private key", () => createPrivateKey(key));
	if (!certificate.checkPrivateKey(privateKey)) {
		throw new BindError("TLS", `${setting}: the key ${files.key} does not belong to the certificate ${files.cert}`);
	}
	return { cert, key };
}

async function read(setting: string, path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		throw new BindError(
			"TLS",
			`${setting}: cannot read ${path} (${cause instanceof Error ? cause.message : String(cause)})`,
			cause,
		);
	}
}

function parse<T>(setting: string, path: string, what: string, make: () => T): T {
	try {
		return make();
	} catch (cause) {
		throw new BindError("TLS", `${setting}: ${path} does not hold ${what} in PEM form`, cause);
	}
}
