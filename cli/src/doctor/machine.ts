// Checks of the machine: program, open files, memory, ports, certificates.
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import {
	type Address,
	bind,
	type Config,
	connectionsWithin,
	filesFor,
	loadTls,
	openFilesMax,
	parseAddress,
	readAdminToken,
	showAddress,
} from "@verbatim/server";
import { VERSION } from "../version.ts";
import { bad, bytesWords, type Finding, note, ok, warn, wordsOf } from "./finding.ts";

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS_LOW = 14;
/** Warns below this many possible connections. */
const CONNECTIONS_LOW = 500;

export function checkProgram(): readonly Finding[] {
	return [ok("program", `Verbatim ${VERSION} on Bun ${Bun.version}, ${process.platform} ${process.arch}`)];
}

/** `chosen`: the operator has configured the number of connections. */
export function checkFiles({ admission }: Config, chosen: boolean): readonly Finding[] {
	const most = openFilesMax();
	if (most === undefined) return [note("open files", "this system does not tell its limit")];
	const { connectionsMax } = admission;
	const room = connectionsWithin(connectionsMax, most);
	if (room === connectionsMax) return [ok("open files", `up to ${most}`)];
	const words = `up to ${most}, enough for ${room} connections; the server lets in no more`;
	const wanted = filesFor(connectionsMax);
	const raise = `raise it (ulimit -n ${wanted}, LimitNOFILE=${wanted})`;
	if (room < CONNECTIONS_LOW) return [warn("open files", words, raise)];
	if (chosen)
		return [warn("open files", `${words}, and limits.connections is ${connectionsMax}`, `${raise}, or set that to ${room}`)];
	return [ok("open files", words)];
}

export function checkMemory({ limits }: Config): readonly Finding[] {
	const most = totalmem();
	const words = `${bytesWords(most)}, of which readers that lag behind may take ${bytesWords(limits.outboxesBytesMax)}`;
	if (limits.outboxesBytesMax * 2 <= most) return [ok("memory", words)];
	return [warn("memory", words, "lower limits.outboxesBytesMax")];
}

export async function checkListeners(config: Config): Promise<readonly Finding[]> {
	const findings: Finding[] = [];
	for (const name of ["http", "tcp", "ops"] as const) {
		const spec = config[name];
		if (spec === undefined) {
			findings.push(note(name, "switched off"));
			continue;
		}
		findings.push(await checkAddress(name, parseAddress(spec.address), config));
		if (spec.tls) findings.push(await checkCertificate(name, spec.tls));
	}
	if (config.http && !config.http.tls && config.proxies.length === 0 && isPublic(config.http.address)) {
		findings.push(
			note("tls", "http is open to the network without TLS; on an untrusted network set tls.http, or a proxy and `proxies`"),
		);
	}
	if (config.ops && isPublic(config.ops.address)) {
		findings.push(note("ops", "open to the network: whoever reaches it reads health and metrics without a password"));
	}
	return findings;
}

/** The token file of the administrators' API on the operations port. */
export async function checkAdminToken({ adminTokenFile, ops }: Config): Promise<readonly Finding[]> {
	if (adminTokenFile === undefined) return [];
	const about = "admin token";
	try {
		await readAdminToken(adminTokenFile);
	} catch (error) {
		return [bad(about, wordsOf(error), "the server does not start with it: correct the file, or adminTokenFile")];
	}
	if ((statSync(adminTokenFile).mode & 0o007) !== 0)
		return [
			warn(
				about,
				`others on this machine can read ${adminTokenFile}, and do what administrators do`,
				`chmod 600 ${adminTokenFile}`,
			),
		];
	return ops === undefined ? [note(about, "of no use: ops is switched off")] : [ok(about, `${adminTokenFile} is a token`)];
}

async function checkAddress(name: string, address: Address, config: Config): Promise<Finding> {
	const shown = showAddress(address);
	try {
		const listener = await bind(`--${name}`, address, (target) =>
			"unix" in target
				? Bun.listen({ unix: target.unix, socket: { data() {} } })
				: Bun.listen({ ...target, socket: { data() {} } }),
		);
		listener.stop(true);
		return ok(name, `${shown} is free`);
	} catch (error) {
		if (await isVerbatimHere(config)) return note(name, `${shown} is in use; a Verbatim runs here`);
		return bad(name, wordsOf(error), `stop what listens there, or choose another with --${name}`);
	}
}

async function isVerbatimHere({ ops }: Config): Promise<boolean> {
	const address = ops && parseAddress(ops.address);
	if (address?.kind !== "tcp") return false;
	const host = address.host === "::" ? "127.0.0.1" : address.host;
	const url = `${ops?.tls ? "https" : "http"}://${showAddress({ ...address, host })}/`;
	try {
		const response = await fetch(url, { signal: AbortSignal.timeout(1_000), tls: { rejectUnauthorized: false } });
		const body: unknown = await response.json();
		return typeof body === "object" && body !== null && "server" in body && String(body.server).startsWith("verbatim");
	} catch {
		return false;
	}
}

async function checkCertificate(name: string, files: { readonly cert: string; readonly key: string }): Promise<Finding> {
	const about = `tls.${name}`;
	try {
		await loadTls(about, files);
	} catch (error) {
		return bad(about, wordsOf(error), "correct the paths or the files");
	}
	const ends = new X509Certificate(readFileSync(files.cert)).validTo;
	const days = Math.floor((Date.parse(ends) - Date.now()) / DAY_MS);
	if (days < 0) return bad(about, `the certificate has expired (${ends})`, "renew it, then restart the server");
	if (days < CERTIFICATE_DAYS_LOW)
		return warn(about, `the certificate expires in ${days} days`, "renew it, then restart the server");
	return ok(about, `the certificate is good for ${days} days`);
}

function isPublic(address: string): boolean {
	const parsed = parseAddress(address);
	return parsed.kind === "tcp" && !["localhost", "127.0.0.1", "::1"].includes(parsed.host);
}
