// What is done in a run, and what happens to it: a list of steps, made from the options before the run begins. Steps can be left
// out one by one, and what remains is still a script: so a failure can be made short.
import type { Chance } from "./chance.ts";
import { type NewcomerOptions, WELCOME_LOSSES } from "./newcomer.ts";
import { type CrowdOptions, DOORS, type DoorKind, type FaultCounts, type SimOptions } from "./options.ts";
import { THROW_PLACES, type Throw } from "./throwing.ts";
import type { Visit } from "./visitor.ts";

export type Step = { readonly atMs: number } & (
	| { readonly do: "say"; readonly device: number; readonly room: number; readonly count: number }
	| { readonly do: "leave" | "join" | "typing" | "who"; readonly device: number; readonly room: number }
	/** By the user of the device, without the device. */
	| { readonly do: "visit"; readonly what: Visit; readonly device: number; readonly room: number }
	/** The user of the device makes a room of this name by another door: a room that none of its devices has asked for. */
	| { readonly do: "make"; readonly device: number; readonly name: string }
	| { readonly do: "rename"; readonly device: number; readonly room: number }
	| { readonly do: "page"; readonly device: number; readonly room: number; readonly newest: boolean }
	| { readonly do: "wake"; readonly device: number }
	/** A page of members, or more. */
	| { readonly do: "members"; readonly device: number; readonly limit: number }
	/** One of the crowd comes, or goes. */
	| { readonly do: "crowd"; readonly who: number; readonly joins: boolean }
	/** A guest comes for the first time. */
	| ({ readonly do: "newcomer" } & NewcomerOptions)
	| { readonly do: "cut"; readonly device: number; readonly tail: boolean }
	| { readonly do: "blacken"; readonly device: number; readonly up: boolean; readonly down: boolean }
	| { readonly do: "stall" | "dead" | "slowReader" | "pauseDevice"; readonly device: number; readonly ms: number }
	| { readonly do: "crashDevice" | "closeDevice"; readonly device: number; readonly ms: number }
	| { readonly do: "retireDevice" | "lostFrame"; readonly device: number }
	| { readonly do: "pauseServer" | "killServer" | "powerLoss" | "drainServer" | "restore"; readonly ms: number }
	| { readonly do: "jump"; readonly device: number | undefined; readonly ms: number }
	| { readonly do: "slowDisk" | "slowReads"; readonly ms: number; readonly byMs: number }
	| { readonly do: "failDisk" | "failReads" | "busyDoor"; readonly ms: number }
	/** The hello of the device's user is refused after `ms`, and its connection is another's for as long again. */
	| { readonly do: "shareWire"; readonly device: number; readonly ms: number; readonly door: DoorKind }
	| ({ readonly do: "throw" } & Throw)
);

const HOUR_MS = 3_600_000;
/** Steps after which all clients connect again. */
const BRINGS_BACK: ReadonlySet<Step["do"]> = new Set(["killServer", "powerLoss", "drainServer"]);
/** The end of the phase of faults. */
const LAST_MS = 800;

export function drawScript(options: SimOptions, chance: Chance): readonly Step[] {
	const { devices, rooms, faultsMs } = options;
	const steps: Step[] = [];
	const when = (): number => Math.round(chance.between(50, faultsMs));
	const device = (): number => chance.below(devices.length);
	const room = (): number => chance.below(rooms.length);
	for (let i = 0; i < devices.length; i++) {
		const says = Math.round((options.talk * faultsMs * chance.between(0.3, 1.2)) / 1_000);
		for (let left = says; left > 0; ) {
			const count = Math.min(left, chance.hit(0.3) ? 3 : 1);
			left -= count;
			steps.push({ atMs: when(), do: "say", device: i, room: room(), count });
		}
	}
	for (let i = 0; i < options.doings; i++) {
		const atMs = when();
		const what = chance.pick(["leave", "leave", "page", "page", "page", "typing", "who", "wake"] as const);
		if (what === "page") steps.push({ atMs, do: what, device: device(), room: room(), newest: chance.hit(0.5) });
		else if (what === "wake") steps.push({ atMs, do: what, device: device() });
		else if (what === "leave") {
			const place = { device: device(), room: room() };
			steps.push({ atMs, do: what, ...place });
			if (chance.hit(0.7)) steps.push({ atMs: atMs + Math.round(chance.between(1, 1_500)), do: "join", ...place });
		} else steps.push({ atMs, do: what, device: device(), room: room() });
	}
	for (let i = 0; i < options.visits; i++) {
		const place = { device: device(), room: room() };
		const atMs = when();
		const what = chance.pick(["say", "say", "page", "leave", "join"] as const);
		steps.push({ atMs, do: "visit", what, ...place });
		if (what === "leave" && chance.hit(0.7)) steps.push({ atMs: atMs + chance.below(1_000), do: "join", ...place });
	}
	for (let i = 0; i < options.renames; i++) steps.push({ atMs: when(), do: "rename", device: device(), room: room() });
	const pairs = devices.flatMap(({ user }, i) => (i > 0 && devices[i - 1]?.user === user ? [[i - 1, i] as const] : []));
	for (let i = 0; i < options.quarrels && pairs.length > 0; i++) {
		const pair = chance.pick(pairs);
		const place = room();
		let atMs = when();
		const soon = (): number => atMs + chance.below(80);
		// What is read slowly is overtaken.
		if (chance.hit(0.4)) steps.push({ atMs, do: "slowReads", ms: 300, byMs: 10 + chance.below(150) });
		for (const what of ["leave", "join", "leave", "join"] as const) {
			if (chance.hit(0.2)) steps.push({ atMs, do: "visit", what, device: chance.pick(pair), room: place });
			else steps.push({ atMs, do: what, device: chance.pick(pair), room: place });
			steps.push({ atMs: soon(), do: "say", device: device(), room: place, count: 1 });
			steps.push({ atMs: soon(), do: "page", device: chance.pick(pair), room: place, newest: chance.hit(0.3) });
			atMs += chance.below(100);
		}
	}
	for (const [name, count] of Object.entries(options.faults) as [keyof FaultCounts, number][]) {
		for (let i = 0; i < count; i++) {
			// Often near the end: nothing that is said later makes good what was missed.
			const atMs = chance.hit(0.25) ? faultsMs - chance.below(LAST_MS) : when();
			const step = fault(name, atMs, device(), chance);
			steps.push(step);
			// Who leaves by another door while everybody comes back.
			if (options.visits > 0 && "ms" in step && BRINGS_BACK.has(step.do) && chance.hit(0.5))
				steps.push({ atMs: atMs + step.ms + chance.below(150), do: "visit", what: "leave", device: device(), room: room() });
			// While the hello is under way its user leaves and comes back.
			if (step.do === "shareWire") {
				const place = { device: step.device, room: room() };
				steps.push({ atMs: atMs - chance.below(200), do: "visit", what: "leave", ...place });
				steps.push({ atMs: atMs + chance.below(step.ms), do: "visit", what: "join", ...place });
			}
			// A link that breaks breaks again, in the middle of what follows a reconnect.
			if (step.do === "cut" && chance.hit(0.5)) steps.push({ ...step, atMs: Math.round(atMs + chance.between(5, 400)) });
		}
	}
	if (options.crowd !== undefined) steps.push(...movesOf(options, options.crowd, chance.fork("crowd")));
	steps.push(...newcomersOf(options, chance.fork("newcomers")));
	if (options.bus !== undefined) steps.push(...madeRoomsOf(options, chance.fork("made rooms")));
	return steps.sort((a, b) => a.atMs - b.atMs);
}

function newcomersOf({ faultsMs, newcomers }: SimOptions, chance: Chance): Step[] {
	return Array.from({ length: newcomers }, (_, who) => ({
		atMs: Math.round(chance.between(50, faultsMs - LAST_MS)),
		do: "newcomer" as const,
		who,
		door: chance.pick(DOORS),
		losses: Array.from({ length: 1 + chance.below(3) }, () => chance.pick(WELCOME_LOSSES)),
	}));
}

function madeRoomsOf({ faultsMs, devices }: SimOptions, chance: Chance): Step[] {
	return Array.from({ length: chance.below(4) }, (_, i) => ({
		atMs: Math.round(chance.between(faultsMs / 2, faultsMs - LAST_MS)),
		do: "make" as const,
		device: chance.below(devices.length),
		name: `made${i}`,
	}));
}

/** Those who come and go are among the first and the last of the list, and asked for in the same moments. */
function movesOf({ faultsMs, devices }: SimOptions, { members, moves }: CrowdOptions, chance: Chance): Step[] {
	const steps: Step[] = [];
	for (let i = 0; i < moves; i++) {
		const atMs = Math.round(chance.between(50, faultsMs));
		const who = chance.hit(0.5) ? chance.below(5) : members + chance.below(3);
		const device = chance.below(devices.length);
		steps.push({ atMs: atMs + chance.below(20), do: "crowd", who, joins: chance.hit(0.5) });
		if (chance.hit(0.5)) steps.push({ atMs, do: "members", device, limit: 1 + chance.below(20) });
		else if (chance.hit(0.3)) steps.push({ atMs, do: "who", device, room: 0 });
	}
	return steps;
}

function fault(name: keyof FaultCounts, atMs: number, device: number, chance: Chance): Step {
	const ms = (low: number, high: number): number => Math.round(chance.between(low, high));
	switch (name) {
		case "cut":
			return { atMs, do: name, device, tail: chance.hit(0.5) };
		case "blacken": {
			const which = chance.below(3);
			return { atMs, do: name, device, up: which !== 1, down: which !== 0 };
		}
		case "stall":
			return { atMs, do: name, device, ms: ms(100, 3_000) };
		case "dead":
			return { atMs, do: name, device, ms: ms(200, 2_500) };
		case "slowReader":
			return { atMs, do: name, device, ms: ms(200, 3_500) };
		case "pauseDevice":
			return { atMs, do: name, device, ms: ms(100, 5_000) };
		case "crashDevice":
		case "closeDevice":
			return { atMs, do: name, device, ms: ms(10, 2_000) };
		case "retireDevice":
		case "lostFrame":
			return { atMs, do: name, device };
		case "pauseServer":
			return { atMs, do: name, ms: ms(50, 4_000) };
		case "killServer":
		case "powerLoss":
		case "drainServer":
		case "restore":
			return { atMs, do: name, ms: ms(20, 1_000) };
		case "jump":
			return { atMs, do: name, device: chance.hit(0.5) ? undefined : device, ms: chance.pick([-HOUR_MS, HOUR_MS, -700, 900]) };
		case "slowDisk":
		case "slowReads":
			return { atMs, do: name, ms: ms(100, 2_000), byMs: ms(20, 800) };
		case "failDisk":
		case "failReads":
		case "busyDoor":
			return { atMs, do: name, ms: ms(20, 1_200) };
		case "shareWire":
			return { atMs, do: name, device, ms: ms(100, 600), door: chance.pick(DOORS) };
		case "throw":
			return { atMs, do: name, what: chance.pick(THROW_PLACES), skip: chance.below(4), late: chance.hit(0.3) };
	}
}

export function showStep({ atMs, do: what, ...rest }: Step): string {
	const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
	return `${String(atMs).padStart(6)} ms  ${what} ${fields.join(" ")}`;
}
