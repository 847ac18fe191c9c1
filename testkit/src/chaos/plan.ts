// The plan of a seed: clients, and faults with their times. It is generated and printed before the run, so that a seed repeats the same
// faults; where a message is when one hits is up to the machine.
//
// Faults come in rounds: each holds every kind once, shuffled, so that even a short run injects all of them.
import type { CodecName } from "@verbatim/protocol";
import { SeededRandom } from "../random.ts";
import type { ReadMode } from "./sdk-client.ts";

export interface ClientPlan {
	readonly name: string;
	readonly user: string;
	readonly transport: "ws" | "tcp" | "line";
	readonly codec: CodecName;
	readonly read: ReadMode;
}

/** `ms`: duration, unless stated otherwise. `client`: index in `clients`. */
export type Fault = { readonly atMs: number; readonly ms: number } & (
	| { readonly kind: "cut by reset" | "cut by end of stream"; readonly client: number }
	/** Half-open connection: the end named is reset, the other notices nothing. */
	| { readonly kind: "client forgotten" | "server forgotten"; readonly client: number }
	| { readonly kind: "stalled up" | "stalled down" | "stalled both ways"; readonly client: number }
	| { readonly kind: "sliced" | "delayed"; readonly client: number }
	/** Framed TCP only: it has a checksum. */
	| { readonly kind: "bits flipped"; readonly client: number }
	/** The next send is committed and its answer lost. */
	| { readonly kind: "reply lost"; readonly client: number }
	/** `ms`: until it is started again. */
	| { readonly kind: "client killed"; readonly client: number }
	| { readonly kind: "client stopped" | "client stopped for long"; readonly client: number }
	/** `byMs`: offset of its wall clock from then on. */
	| { readonly kind: "client's clock moved"; readonly client: number; readonly byMs: number }
	/** Sends queued while disconnected, before and after the clock goes back, must keep their order over the restart. */
	| { readonly kind: "client's clock put back, then killed"; readonly client: number; readonly byMs: number }
	| { readonly kind: "server's clock moved"; readonly byMs: number }
	/** `ms`: until it is started again. */
	| { readonly kind: "server killed" }
	/** SIGTERM: it drains, then reopens the database. */
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
	readonly clients: readonly ClientPlan[];
	readonly faults: readonly Fault[];
	/** When the last fault is over. */
	readonly endMs: number;
}

const HOUR_MS = 3_600_000;
/** From one fault to the next, on average. */
const GAP_MS = 800;
/** All clients have joined and send before the first fault. */
const FIRST_MS = 1_500;
/** A fault of a link or a client lasts up to this long. */
const SHORT_MS = 1_500;
/** Longer than the heartbeat timeout and the offline grace (see `chaos-timing.ts`). */
const LONG_MS = 5_000;

/** A process sees a moved clock within this time. */
const CLOCK_NOTICED_MS = 1_500;

/** Faults of links and clients; concurrent with each other and with those of the server. */
const CLIENT_FAULTS = [
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

/** Faults of the server; one at a time. */
const SERVER_FAULTS = [
	"server killed",
	"server restarted",
	"server stopped",
	"server stopped for long",
	"disk full",
	"killed with a full disk",
	"server's clock moved",
] as const;

export const FAULT_KINDS: readonly FaultKind[] = [...CLIENT_FAULTS, ...SERVER_FAULTS];

/** Added to each round: the kinds that find most. */
const REPEATED_FAULTS: readonly FaultKind[] = ["reply lost", "reply lost", "client killed", "cut by reset", "server killed"];

/** Every kind at least once, however small `minutes`. `without`: unsupported kinds. */
export function generatePlan(seed: number, minutes: number, without: readonly FaultKind[] = []): Plan {
	const random = new SeededRandom(seed);
	const clients = generateClients(random);
	const faults: Fault[] = [];
	let atMs = FIRST_MS;
	let serverFreeMs = 0;
	const offMs = new Map<number | "server", number>();
	const jump = (candidates: number | "server"): number => {
		// Offsets of 0, +1 h and -1 h: jumps of up to two hours in both directions.
		const choices = [0, HOUR_MS, -HOUR_MS].filter((ms) => ms !== (offMs.get(candidates) ?? 0));
		const byMs = choices[random.below(choices.length)] ?? 0;
		offMs.set(candidates, byMs);
		return byMs;
	};
	do {
		for (const kind of shuffled([...FAULT_KINDS, ...REPEATED_FAULTS], random)) {
			if (without.includes(kind)) continue;
			atMs += Math.round(GAP_MS * 2 * random.float());
			const candidates = [...clients.keys()].filter((each) => appliesTo(kind, clients[each]?.transport));
			const client = candidates[random.below(candidates.length)] ?? 0;
			const ms = Math.round(200 + random.float() * (SHORT_MS - 200));
			const longMs = LONG_MS + ms;
			if (kind === "client's clock moved") faults.push({ atMs, ms: 0, kind, client, byMs: jump(client) });
			else if (kind === "client's clock put back, then killed") {
				const byMs = (offMs.get(client) ?? 0) - HOUR_MS;
				offMs.set(client, byMs);
				faults.push({ atMs, ms: CLOCK_NOTICED_MS, kind, client, byMs });
			} else if (isOf(CLIENT_FAULTS, kind))
				faults.push({ atMs, ms: kind === "client stopped for long" ? longMs : ms, kind, client });
			else {
				const startMs = Math.max(atMs, serverFreeMs);
				const lastsMs = kind === "server stopped for long" ? longMs : kind === "server's clock moved" ? 0 : ms;
				if (kind === "server's clock moved") faults.push({ atMs: startMs, ms: 0, kind, byMs: jump("server") });
				else if (isOf(SERVER_FAULTS, kind)) faults.push({ atMs: startMs, ms: lastsMs, kind });
				// Time to recover before the next fault.
				serverFreeMs = startMs + lastsMs + GAP_MS;
			}
		}
	} while (atMs < minutes * 60_000);
	faults.sort((a, b) => a.atMs - b.atMs);
	const endMs = faults.reduce((latest, { atMs, ms }) => Math.max(latest, atMs + ms), 0) + GAP_MS;
	return { seed, rooms: ["tea", "den"], clients, faults, endMs };
}

/** The plan as text, a line for each client and fault. */
export function describePlan({ seed, rooms, clients, faults, endMs }: Plan): string {
	const lines = [
		`seed ${seed}: ${clients.length} clients in ${rooms.join(" and ")}, ${faults.length} faults in ${(endMs / 1_000).toFixed(0)} s`,
	];
	for (const { name, user, transport, codec, read } of clients) {
		lines.push(`  ${name} is ${user}, by ${transport === "line" ? "line mode" : `${transport} with ${codec}, reads: ${read}`}`);
	}
	for (const fault of faults) {
		const { atMs, ms, kind } = fault;
		const client = "client" in fault ? ` ${clients[fault.client]?.name}` : "";
		const how = "byMs" in fault ? `by ${fault.byMs / HOUR_MS} h` : `${ms} ms`;
		lines.push(`  ${(atMs / 1_000).toFixed(1).padStart(7)} s  ${kind}${client}, ${how}`);
	}
	return lines.join("\n");
}

function generateClients(random: SeededRandom): ClientPlan[] {
	const reads: readonly ReadMode[] = ["fill", "gaps", "events", "fill"];
	const from = random.below(reads.length);
	const clients: ClientPlan[] = [];
	for (const transport of ["ws", "tcp"] as const) {
		for (const codec of ["json", "proto"] as const) {
			for (let twin = 0; twin < 2; twin++) {
				const i = clients.length;
				// The last client shares its user with the first: two sessions of one user.
				const user = `user-${i === 7 ? 0 : i}`;
				clients.push({ name: `c${i}`, user, transport, codec, read: reads[(from + i) % reads.length] ?? "fill" });
			}
		}
	}
	for (let i = 0; i < 2; i++)
		clients.push({ name: `n${i}`, user: `line-user-${i}`, transport: "line", codec: "json", read: "events" });
	return clients;
}

function appliesTo(kind: FaultKind, transport: ClientPlan["transport"] | undefined): boolean {
	if (kind === "bits flipped") return transport === "tcp";
	// A line-mode client has no outbox, so its clock does not matter.
	return !kind.startsWith("client's clock") || transport !== "line";
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
