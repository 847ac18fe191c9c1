// The steps of a run, made from its options before it begins. Any step can be left out, so a failing script can be shrunk.

import type { ApiRequest } from "./api-requests.ts";
import type { Chance } from "./chance.ts";
import { type DuplicateOptions, OBSTACLES } from "./duplicate-sends.ts";
import { INJECTION_POINTS, type Injection } from "./injected-errors.ts";
import { type NewGuestOptions, WELCOME_LOSSES } from "./new-guest.ts";
import { CONNECTION_KINDS, type ConnectionKind, type CrowdOptions, type FaultCounts, type SimOptions } from "./options.ts";

export type Step = { readonly atMs: number } & (
	| { readonly do: "say"; readonly client: number; readonly room: number; readonly count: number }
	| { readonly do: "leave" | "join" | "typing" | "who"; readonly client: number; readonly room: number }
	/** By the user of the client, without the client. */
	| { readonly do: "request"; readonly what: ApiRequest; readonly client: number; readonly room: number }
	/** The client's user creates a room of this name by the HTTP API: none of its clients has asked for it. */
	| { readonly do: "make"; readonly client: number; readonly name: string }
	| { readonly do: "rename"; readonly client: number; readonly room: number }
	| { readonly do: "page"; readonly client: number; readonly room: number; readonly newest: boolean }
	| { readonly do: "wake"; readonly client: number }
	/** A page of members, or more. */
	| { readonly do: "members"; readonly client: number; readonly limit: number }
	/** One of the crowd comes, or goes. */
	| { readonly do: "crowd"; readonly who: number; readonly joins: boolean }
	/** A guest comes for the first time. */
	| ({ readonly do: "newGuest" } & NewGuestOptions)
	/** A send is refused for good, and comes again. */
	| ({ readonly do: "duplicates"; readonly room: number } & DuplicateOptions)
	| { readonly do: "cut"; readonly client: number; readonly tail: boolean }
	| { readonly do: "blacken"; readonly client: number; readonly up: boolean; readonly down: boolean }
	| { readonly do: "stall" | "dead" | "slowReader" | "pauseClient"; readonly client: number; readonly ms: number }
	| { readonly do: "crashClient" | "closeClient"; readonly client: number; readonly ms: number }
	| { readonly do: "retireClient" | "lostFrame"; readonly client: number }
	| { readonly do: "pauseServer" | "killServer" | "powerLoss" | "drainServer" | "restore"; readonly ms: number }
	| { readonly do: "jump"; readonly client: number | undefined; readonly ms: number }
	| { readonly do: "slowDisk" | "slowReads"; readonly ms: number; readonly byMs: number }
	| { readonly do: "failDisk" | "failReads" | "busyLogins"; readonly ms: number }
	/** The hello of the client's user is refused after `ms`, and its connection is another's for as long again. */
	| { readonly do: "shareConnection"; readonly client: number; readonly ms: number; readonly connection: ConnectionKind }
	| ({ readonly do: "throw" } & Injection)
);

const HOUR_MS = 3_600_000;
/** Steps after which all clients connect again. */
const BRINGS_BACK: ReadonlySet<Step["do"]> = new Set(["killServer", "powerLoss", "drainServer"]);
/** The end of the phase of faults. */
const LAST_MS = 800;

export function scriptOf(options: SimOptions, chance: Chance): readonly Step[] {
	const { clients, rooms, faultsMs } = options;
	const steps: Step[] = [];
	const when = (): number => Math.round(chance.between(50, faultsMs));
	const client = (): number => chance.below(clients.length);
	const room = (): number => chance.below(rooms.length);
	for (let i = 0; i < clients.length; i++) {
		const says = Math.round((options.sendRate * faultsMs * chance.between(0.3, 1.2)) / 1_000);
		for (let left = says; left > 0; ) {
			const count = Math.min(left, chance.hit(0.3) ? 3 : 1);
			left -= count;
			steps.push({ atMs: when(), do: "say", client: i, room: room(), count });
		}
	}
	for (let i = 0; i < options.actions; i++) {
		const atMs = when();
		const what = chance.pick(["leave", "leave", "page", "page", "page", "typing", "who", "wake"] as const);
		if (what === "page") steps.push({ atMs, do: what, client: client(), room: room(), newest: chance.hit(0.5) });
		else if (what === "wake") steps.push({ atMs, do: what, client: client() });
		else if (what === "leave") {
			const place = { client: client(), room: room() };
			steps.push({ atMs, do: what, ...place });
			if (chance.hit(0.7)) steps.push({ atMs: atMs + Math.round(chance.between(1, 1_500)), do: "join", ...place });
		} else steps.push({ atMs, do: what, client: client(), room: room() });
	}
	for (let i = 0; i < options.apiRequests; i++) {
		const place = { client: client(), room: room() };
		const atMs = when();
		const what = chance.pick(["say", "say", "page", "leave", "join"] as const);
		steps.push({ atMs, do: "request", what, ...place });
		if (what === "leave" && chance.hit(0.7)) steps.push({ atMs: atMs + chance.below(1_000), do: "join", ...place });
	}
	for (let i = 0; i < options.renames; i++) steps.push({ atMs: when(), do: "rename", client: client(), room: room() });
	const pairs = clients.flatMap(({ user }, i) => (i > 0 && clients[i - 1]?.user === user ? [[i - 1, i] as const] : []));
	for (let i = 0; i < options.joinLeaveRaces && pairs.length > 0; i++) {
		const pair = chance.pick(pairs);
		const place = room();
		let atMs = when();
		const soon = (): number => atMs + chance.below(80);
		// What is read slowly is overtaken.
		if (chance.hit(0.4)) steps.push({ atMs, do: "slowReads", ms: 300, byMs: 10 + chance.below(150) });
		for (const what of ["leave", "join", "leave", "join"] as const) {
			if (chance.hit(0.2)) steps.push({ atMs, do: "request", what, client: chance.pick(pair), room: place });
			else steps.push({ atMs, do: what, client: chance.pick(pair), room: place });
			steps.push({ atMs: soon(), do: "say", client: client(), room: place, count: 1 });
			steps.push({ atMs: soon(), do: "page", client: chance.pick(pair), room: place, newest: chance.hit(0.3) });
			atMs += chance.below(100);
		}
	}
	for (const [name, count] of Object.entries(options.faults) as [keyof FaultCounts, number][]) {
		for (let i = 0; i < count; i++) {
			// Often near the end: nothing that is said later makes good what was missed.
			const atMs = chance.hit(0.25) ? faultsMs - chance.below(LAST_MS) : when();
			const step = fault(name, atMs, client(), chance);
			steps.push(step);
			// A leave by the HTTP API while all clients reconnect.
			if (options.apiRequests > 0 && "ms" in step && BRINGS_BACK.has(step.do) && chance.hit(0.5))
				steps.push({ atMs: atMs + step.ms + chance.below(150), do: "request", what: "leave", client: client(), room: room() });
			// While the hello is under way its user leaves and comes back.
			if (step.do === "shareConnection") {
				const place = { client: step.client, room: room() };
				steps.push({ atMs: atMs - chance.below(200), do: "request", what: "leave", ...place });
				steps.push({ atMs: atMs + chance.below(step.ms), do: "request", what: "join", ...place });
			}
			// A link that breaks breaks again, in the middle of what follows a reconnect.
			if (step.do === "cut" && chance.hit(0.5)) steps.push({ ...step, atMs: Math.round(atMs + chance.between(5, 400)) });
		}
	}
	if (options.crowd !== undefined) steps.push(...movesOf(options, options.crowd, chance.fork("crowd")));
	steps.push(...newGuestsOf(options, chance.fork("newcomers")));
	steps.push(...duplicatesOf(options, chance.fork("copies")));
	if (options.bus !== undefined) steps.push(...madeRoomsOf(options, chance.fork("made rooms")));
	return steps.sort((a, b) => a.atMs - b.atMs);
}

function newGuestsOf({ faultsMs, newGuests }: SimOptions, chance: Chance): Step[] {
	return Array.from({ length: newGuests }, (_, who) => ({
		atMs: Math.round(chance.between(50, faultsMs - LAST_MS)),
		do: "newGuest" as const,
		who,
		connection: chance.pick(CONNECTION_KINDS),
		losses: Array.from({ length: 1 + chance.below(3) }, () => chance.pick(WELCOME_LOSSES)),
	}));
}

function duplicatesOf({ faultsMs, duplicates, rooms }: SimOptions, chance: Chance): Step[] {
	return Array.from({ length: duplicates }, (_, who) => ({
		atMs: Math.round(chance.between(300, faultsMs - 2 * LAST_MS)),
		do: "duplicates" as const,
		who,
		room: chance.below(rooms.length),
		connection: chance.pick(CONNECTION_KINDS),
		obstacle: chance.pick(OBSTACLES),
		delaysMs: Array.from({ length: 1 + chance.below(3) }, () => chance.below(LAST_MS)),
	}));
}

function madeRoomsOf({ faultsMs, clients }: SimOptions, chance: Chance): Step[] {
	return Array.from({ length: chance.below(4) }, (_, i) => ({
		atMs: Math.round(chance.between(faultsMs / 2, faultsMs - LAST_MS)),
		do: "make" as const,
		client: chance.below(clients.length),
		name: `made${i}`,
	}));
}

/** Those who come and go are among the first and the last of the list, and asked for in the same moments. */
function movesOf({ faultsMs, clients }: SimOptions, { members, moves }: CrowdOptions, chance: Chance): Step[] {
	const steps: Step[] = [];
	for (let i = 0; i < moves; i++) {
		const atMs = Math.round(chance.between(50, faultsMs));
		const who = chance.hit(0.5) ? chance.below(5) : members + chance.below(3);
		const client = chance.below(clients.length);
		steps.push({ atMs: atMs + chance.below(20), do: "crowd", who, joins: chance.hit(0.5) });
		if (chance.hit(0.5)) steps.push({ atMs, do: "members", client, limit: 1 + chance.below(20) });
		else if (chance.hit(0.3)) steps.push({ atMs, do: "who", client, room: 0 });
	}
	return steps;
}

function fault(name: keyof FaultCounts, atMs: number, client: number, chance: Chance): Step {
	const ms = (low: number, high: number): number => Math.round(chance.between(low, high));
	switch (name) {
		case "cut":
			return { atMs, do: name, client, tail: chance.hit(0.5) };
		case "blacken": {
			const which = chance.below(3);
			return { atMs, do: name, client, up: which !== 1, down: which !== 0 };
		}
		case "stall":
			return { atMs, do: name, client, ms: ms(100, 3_000) };
		case "dead":
			return { atMs, do: name, client, ms: ms(200, 2_500) };
		case "slowReader":
			return { atMs, do: name, client, ms: ms(200, 3_500) };
		case "pauseClient":
			return { atMs, do: name, client, ms: ms(100, 5_000) };
		case "crashClient":
		case "closeClient":
			return { atMs, do: name, client, ms: ms(10, 2_000) };
		case "retireClient":
		case "lostFrame":
			return { atMs, do: name, client };
		case "pauseServer":
			return { atMs, do: name, ms: ms(50, 4_000) };
		case "killServer":
		case "powerLoss":
		case "drainServer":
		case "restore":
			return { atMs, do: name, ms: ms(20, 1_000) };
		case "jump":
			return { atMs, do: name, client: chance.hit(0.5) ? undefined : client, ms: chance.pick([-HOUR_MS, HOUR_MS, -700, 900]) };
		case "slowDisk":
		case "slowReads":
			return { atMs, do: name, ms: ms(100, 2_000), byMs: ms(20, 800) };
		case "failDisk":
		case "failReads":
		case "busyLogins":
			return { atMs, do: name, ms: ms(20, 1_200) };
		case "shareConnection":
			return { atMs, do: name, client, ms: ms(100, 600), connection: chance.pick(CONNECTION_KINDS) };
		case "throw":
			return { atMs, do: name, what: chance.pick(INJECTION_POINTS), skip: chance.below(4), late: chance.hit(0.3) };
	}
}

export function showStep({ atMs, do: what, ...rest }: Step): string {
	const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
	return `${String(atMs).padStart(6)} ms  ${what} ${fields.join(" ")}`;
}
