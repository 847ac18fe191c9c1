// The default token store outside browsers: a guest's tokens in a file of the user's state folder, so that a restarted program is the
// same guest.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { ConnectOptions } from "../api/api.ts";
import type { TokenStore } from "../api/token-store.ts";
import { folded } from "../session/credential.ts";
import { endpointOf } from "../transport/endpoint.ts";
import { fileTokens } from "./files.ts";

/** The token store for the guest in `options`; undefined if they name none, or there is no state folder. */
export function guestTokens({ endpoints, credential }: ConnectOptions): TokenStore | undefined {
	if (typeof credential !== "object" || !("guest" in credential)) return undefined;
	const folder = stateFolder(process.env);
	if (folder === undefined) return undefined;
	const name = folded(credential.guest);
	const [server = ""] = [endpoints].flat();
	const fileOf = (address: string) => fileTokens(join(folder, "guests", `${fileNameOf(address, name)}.json`));
	const address = addressOf(server);
	const file = fileOf(address);
	// Earlier versions named the file by the endpoint as it was written.
	const earlier = address === server ? undefined : fileOf(server);
	return {
		load: async () => (await file.load()) ?? earlier?.load(),
		lock: (signal) => file.lock(signal),
		// The file is for this guest only: the identity of another user, after `logIn`, is not stored.
		save: async (identity) => {
			if (identity !== undefined && folded(identity.user.name) !== name) return;
			await file.save(identity);
			await earlier?.save(undefined);
		},
	};
}

/** One for all ways to write the address of a WebSocket. */
function addressOf(server: string): string {
	try {
		const url = endpointOf(server, [{ schemes: ["ws", "wss"] }]);
		return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
	} catch {
		// Another scheme; or not an endpoint, which `connect` tells.
		return server;
	}
}

/** By the XDG Base Directory Specification, which ignores relative paths. Undefined without a home directory. */
function stateFolder(env: NodeJS.ProcessEnv): string | undefined {
	const state = process.platform === "win32" ? env.LOCALAPPDATA : env.XDG_STATE_HOME;
	if (state && isAbsolute(state)) return join(state, "verbatim");
	try {
		return join(env.HOME || homedir(), ".local", "state", "verbatim");
	} catch {
		// The process's uid is not in the system's user database.
		return undefined;
	}
}

/** A readable, unique and stable file name. */
function fileNameOf(server: string, name: string): string {
	const readable = `${server.replace(/^[a-z]+:\/+/i, "")} ${name}`.replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 60);
	return `${readable}-${createHash("sha256").update(`${server}\n${name}`).digest("hex").slice(0, 10)}`;
}
