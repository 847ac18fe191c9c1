// Log-in over the HTTP API: tokens for a name and a password, or for a guest's name.
import { type Command, checkUp, create, Refusal, type Tokens, type Up, UpSchema } from "@verbatim/protocol";
import { AccountClosed, type Identity } from "../../account/accounts.ts";
import { logRefusedLogin } from "../../account/refused-login.ts";
import { laneOf } from "../../admit/hello-queue.ts";
import { noteUser } from "../web/access.ts";
import { takeFields } from "./request.ts";
import type { ApiCall, ApiParts } from "./routes.ts";

export async function logIn(parts: ApiParts, call: ApiCall, kind: "login" | "register"): Promise<unknown> {
	const { name, password } = takeFields(await call.body(), {
		name: "string",
		password: "string",
	});
	return userWithTokens(await authenticateCounted(parts, call, { case: kind, value: { name, password } }));
}

export async function logInGuest(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { name, key = "" } = takeFields(await call.body(), { name: "string", key: "string?" });
	return userWithTokens(await authenticateCounted(parts, call, { case: "guest", value: { name, key } }));
}

export async function refresh(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { refresh: refreshToken } = takeFields(await call.body(), { refresh: "string" });
	mustFit(parts, { case: "refresh", value: { refreshToken } });
	return { tokens: tokenFields(await counted(parts, () => parts.accounts.refresh(refreshToken))) };
}

/** The user of an access token. Rejects with `Refusal`. */
export function identityOf(parts: ApiParts, call: ApiCall, token: string): Promise<Identity> {
	return authenticate(parts, call, { case: "token", value: token });
}

/** `authenticate` for credentials other than access tokens: counted, and logged if a password was refused. */
async function authenticateCounted(parts: ApiParts, call: ApiCall, credential: Credential): Promise<Identity> {
	try {
		return await counted(parts, () => authenticate(parts, call, credential));
	} catch (cause) {
		const code = cause instanceof Refusal ? cause.code : "internal";
		if (credential.case === "login")
			logRefusedLogin(parts.lines, credential.value.name ?? "", { code, address: call.peer, trace: call.trace });
		throw cause;
	}
}

async function counted<T>({ metrics }: ApiParts, enter: () => Promise<T>): Promise<T> {
	try {
		const result = await enter();
		metrics.logins.add("ok");
		return result;
	} catch (cause) {
		metrics.logins.add(cause instanceof Refusal ? cause.code : "internal");
		throw cause;
	}
}

type HelloValue = Extract<Command, { case: "hello" }>["value"];
type Credential = NonNullable<HelloValue["credential"]>;

async function authenticate(parts: ApiParts, call: ApiCall, credential: Credential): Promise<Identity> {
	const up = mustFit(parts, { case: "hello", value: { credential } });
	if (up.command.case !== "hello") throw new Error("the command is not the hello it was created as");
	if (laneOf(up.command.value.credential) === "new") parts.shedding.refuseIfShed("logins");
	const { credential: checked } = up.command.value;
	const identity = await parts.accounts.authenticate(checked, { address: call.peer, resumable: true }).catch((cause: unknown) => {
		if (cause instanceof AccountClosed) noteUser(call.request, cause.user);
		throw cause;
	});
	noteUser(call.request, identity.user.id);
	return identity;
}

/** The command as a wire message, checked against the limits. Throws `Refusal`. */
function mustFit(parts: ApiParts, command: Command): Up {
	const up = create(UpSchema, { id: 1, command });
	const problem = checkUp(up, parts.limits);
	if (problem !== undefined) throw new Refusal(problem.code, problem.message);
	return up;
}

function userWithTokens({ user, tokens }: Identity): unknown {
	return {
		user: { id: user.id, name: user.name },
		...(tokens === undefined ? {} : { tokens: tokenFields(tokens) }),
	};
}

function tokenFields({ access, accessExpiresMs, refresh, refreshExpiresMs }: Tokens): unknown {
	return { access, accessExpiresMs, refresh, refreshExpiresMs };
}
