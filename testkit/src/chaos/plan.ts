// What a seed means: who takes part, and what happens to them when. All of it is drawn before anything begins and printed, so that a
// run can be had again as far as real processes allow: the faults are the same, the moments within a message's way are not.
//
// Faults come in rounds: each round holds every kind once, in another order, so that even a short run has all of them.
import type { CodecName } from "@verbatim/protocol";
import { SeededRandom } from "../random.ts";
import type { ReadMode } from "./app.ts";

export interface Member {
	readonly name: string;
	readonly user: string;
	readonly door: "ws" | "tcp" | "line";
	readonly codec: CodecName;
	readonly read: ReadMode;
}

/** Where it does not say otherwise, `ms` is how long it lasts and `who` the place in `members`. */
export type Fault = { readonly atMs: number; readonly ms: number } & (
	| { readonly kind: "cut by reset" | "cut by end of stream"; readonly who: number }
	/** One end is forgotten by the line; the other is not told. */
	| { readonly kind: "client forgotten" | "server forgotten"; readonly who: number }
	| { readonly kind: "stalled up" | "stalled down" | "stalled both ways"; readonly who: number }
	| { readonly kind: "sliced" | "delayed"; readonly who: number }
	/** Of framed TCP, which has a check. */
	| { readonly kind: "bits flipped"; readonly who: number }
	/** What is said next is committed and its answer lost. */
	| { readonly kind: "reply lost"; readonly who: number }
	/** `ms`: until it is started again. */
	| { readonly kind: "client killed"; readonly who: number }
	| { readonly kind: "client stopped" | "client stopped for long"; readonly who: number }
	/** `byMs`: how far its wall clock is off from then on. */
	| { readonly kind: "client's clock moved"; readonly who: number; readonly byMs: number }
	/** What it says while cut off, before and after its clock goes back, is in the order of saying when it comes back from its files. */
	| { readonly kind: "client's clock put back, then killed"; readonly who: number; readonly byMs: number }
	| { readonly kind: "server's clock moved"; readonly byMs: number }
	/** `ms`: until it is started again. */
	| { readonly kind: "server killed" }
	/** SIGTERM: it drains, and opens the database anew. */
	| { readonly kind: "server restarted" }
	| { readonly kind: "server stopped" | "server stopped for long" }
	| { readonly kind: "disk full" }
	/** Killed at the end of it. */
	| { readonly kind: "killed with a full disk" }
);

export type FaultKind = Fault["kind"];

export interface Plan {
	readonly seed: number;
	readonly rooms: readonly string[];
	readonly members: readonly Member[];
	readonly faults: readonly Fault[];
	/** When the last fault is over and everything heals. */
	readonly endMs: number;
}

const HOUR_MS = 3_600_000;
/** From one fault to the next, on average. */
const GAP_MS = 800;
/** Everybody is in and talks before the first fault. */
const FIRST_MS = 1_500;
/** A fault of a link or a client lasts up to this long. */
const SHORT_MS = 1_500;
/** Longer than heartbeats allow, and than presence waits (see `timing.ts`). */
const LONG_MS = 5_000;

/** A process has noticed that its clock was moved. */
const NOTICED_MS = 1_500;

/** What happens to a link or a client; beside each other, and beside what happens to the server. */
const OF_MEMBERS = [
	"cut by reset",
	"cut by end of stream",
	"client forgotten",
	"server forgotten",
	"stalled up",
	"stalled down",
	"stalled both ways",
	"sliced",
	"delayed",
	"bits flipped",
	"reply lost",
	"client killed",
	"client stopped",
	"client stopped for long",
	"client's clock moved",
	"client's clock put back, then killed",
] as const;

/** What happens to the server; one after the other. */
const OF_SERVER = [
	"server killed",
	"server restarted",
	"server stopped",
	"server stopped for long",
	"disk full",
	"killed with a full disk",
	"server's clock moved",
] as const;

export const FAULT_KINDS: readonly FaultKind[] = [...OF_MEMBERS, ...OF_SERVER];

/** More often than once a round: what is most worth it. */
const OFTEN: readonly FaultKind[] = ["reply lost", "reply lost", "client killed", "cut by reset", "server killed"];

/** Every kind happens once at least, however short `minutes` are. `without`: kinds that this machine cannot do. */
export function drawPlan(seed: number, minutes: number, without: readonly FaultKind[] = []): Plan {
	const random = new SeededRandom(seed);
	const members = drawMembers(random);
	const faults: Fault[] = [];
	let atMs = FIRST_MS;
	let serverFreeMs = 0;
	const offMs = new Map<number | "server", number>();
	const jump = (whose: number | "server"): number => {
		// An hour forward, an hour back, and right again: so a clock goes both ways, by up to two hours.
		const choices = [0, HOUR_MS, -HOUR_MS].filter((ms) => ms !== (offMs.get(whose) ?? 0));
		const byMs = choices[random.below(choices.length)] ?? 0;
		offMs.set(whose, byMs);
		return byMs;
	};
	do {
		for (const kind of shuffled([...FAULT_KINDS, ...OFTEN], random)) {
			if (without.includes(kind)) continue;
			atMs += Math.round(GAP_MS * 2 * random.float());
			const whose = [...members.keys()].filter((each) => concerns(kind, members[each]?.door));
			const who = whose[random.below(whose.length)] ?? 0;
			const ms = Math.round(200 + random.float() * (SHORT_MS - 200));
			const longMs = LONG_MS + ms;
			if (kind === "client's clock moved") faults.push({ atMs, ms: 0, kind, who, byMs: jump(who) });
			else if (kind === "client's clock put back, then killed") {
				const byMs = (offMs.get(who) ?? 0) - HOUR_MS;
				offMs.set(who, byMs);
				faults.push({ atMs, ms: NOTICED_MS, kind, who, byMs });
			} else if (isOf(OF_MEMBERS, kind)) faults.push({ atMs, ms: kind === "client stopped for long" ? longMs : ms, kind, who });
			else {
				const startMs = Math.max(atMs, serverFreeMs);
				const lastsMs = kind === "server stopped for long" ? longMs : kind === "server's clock moved" ? 0 : ms;
				if (kind === "server's clock moved") faults.push({ atMs: startMs, ms: 0, kind, byMs: jump("server") });
				else if (isOf(OF_SERVER, kind)) faults.push({ atMs: startMs, ms: lastsMs, kind });
				// It comes to itself before the next.
				serverFreeMs = startMs + lastsMs + GAP_MS;
			}
		}
	} while (atMs < minutes * 60_000);
	faults.sort((a, b) => a.atMs - b.atMs);
	const endMs = faults.reduce((latest, { atMs, ms }) => Math.max(latest, atMs + ms), 0) + GAP_MS;
	return { seed, rooms: ["tea", "den"], members, faults, endMs };
}

/** The plan in words, a line for each member and fault. */
export function showPlan({ seed, rooms, members, faults, endMs }: Plan): string {
	const lines = [
		`seed ${seed}: ${members.length} clients in ${rooms.join(" and ")}, ${faults.length} faults in ${(endMs / 1_000).toFixed(0)} s`,
	];
	for (const { name, user, door, codec, read } of members) {
		lines.push(`  ${name} is ${user}, by ${door === "line" ? "line mode" : `${door} with ${codec}, reads: ${read}`}`);
	}
	for (const fault of faults) {
		const { atMs, ms, kind } = fault;
		const who = "who" in fault ? ` ${members[fault.who]?.name}` : "";
		const how = "byMs" in fault ? `by ${fault.byMs / HOUR_MS} h` : `${ms} ms`;
		lines.push(`  ${(atMs / 1_000).toFixed(1).padStart(7)} s  ${kind}${who}, ${how}`);
	}
	return lines.join("\n");
}

function drawMembers(random: SeededRandom): Member[] {
	const reads: readonly ReadMode[] = ["fill", "told", "events", "fill"];
	const from = random.below(reads.length);
	const members: Member[] = [];
	for (const door of ["ws", "tcp"] as const) {
		for (const codec of ["json", "proto"] as const) {
			for (let twin = 0; twin < 2; twin++) {
				const i = members.length;
				// The last is another device of the first one's user.
				const user = `user-${i === 7 ? 0 : i}`;
				members.push({ name: `c${i}`, user, door, codec, read: reads[(from + i) % reads.length] ?? "fill" });
			}
		}
	}
	for (let i = 0; i < 2; i++) members.push({ name: `n${i}`, user: `typist-${i}`, door: "line", codec: "json", read: "events" });
	return members;
}

function concerns(kind: FaultKind, door: Member["door"] | undefined): boolean {
	if (kind === "bits flipped") return door === "tcp";
	// A person with nc has no outbox, and no clock that matters.
	return !kind.startsWith("client's clock") || door !== "line";
}

function shuffled<T>(items: T[], random: SeededRandom): T[] {
	for (let i = items.length - 1; i > 0; i--) {
		const j = random.below(i + 1);
		[items[i], items[j]] = [items[j] as T, items[i] as T];
	}
	return items;
}

function isOf<K extends FaultKind>(kinds: readonly K[], kind: FaultKind): kind is K {
	return (kinds as readonly FaultKind[]).includes(kind);
}
