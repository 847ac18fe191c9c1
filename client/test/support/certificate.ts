import { join } from "node:path";

/** Makes a self-signed certificate for `names`, as OpenSSL writes subjectAltName, in `folder`. Needs openssl. */
export async function makeCertificate(
	folder: string,
	names: string,
): Promise<{ readonly keyFile: string; readonly certFile: string }> {
	const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const what = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
	const who = ["-subj", "/CN=localhost", "-addext", `subjectAltName=${names}`];
	const made = Bun.spawn(["openssl", ...what, ...who, "-keyout", keyFile, "-out", certFile], { stderr: "ignore" });
	if ((await made.exited) !== 0) throw new Error("openssl made no certificate");
	return { keyFile, certFile };
}
