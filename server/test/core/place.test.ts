// The state table of a session's place in a room, and its diagram.
import { describe, expect, test } from "bun:test";
import { IllegalStep } from "../../src/base/faults.ts";
import { hasSubscription, nextPlace, PLACES, type PlaceEvent, type PlaceState } from "../../src/room/place.ts";

const STATES = Object.keys(PLACES) as PlaceState[];
const EVENTS = [...new Set(STATES.flatMap((state) => Object.keys(PLACES[state])))] as PlaceEvent[];
const page = await Bun.file(new URL("../../../ARCHITECTURE.md", import.meta.url)).text();

describe("the table of a place in a room", () => {
	test("is the diagram in ARCHITECTURE.md", () => {
		expect(page).toContain(`\`\`\`mermaid\n${placeDiagram()}\n\`\`\``);
	});

	test("reaches every state from unknown, and absent from every state", () => {
		const reachable = (from: PlaceState): Set<PlaceState> => {
			const met = new Set([from]);
			for (const state of met) for (const event of EVENTS) met.add(PLACES[state][event]?.to ?? state);
			return met;
		};
		expect([...reachable("unknown")].sort()).toEqual([...STATES].sort());
		for (const state of STATES) expect(reachable(state)).toContain("absent");
	});

	test("has a step in every state for what a bus may deliver at any time", () => {
		for (const state of STATES) for (const event of ["joined", "left"] as const) nextPlace(state, event);
	});

	test("ends a subscription only by a leave", () => {
		for (const state of STATES.filter(hasSubscription)) {
			for (const event of EVENTS) {
				const step = PLACES[state][event];
				if (step !== undefined && !hasSubscription(step.to)) expect(event).toBe("left");
			}
		}
	});

	test("announces a room once before its entries, and its removal once if it was announced", () => {
		// States in which the client knows of the room; in the others a subscription waits for an answer that reports it.
		const told: readonly PlaceState[] = ["rejoining", "rejoiningStale", "live", "behind", "stale"];
		for (const from of STATES) {
			for (const event of EVENTS) {
				const step = PLACES[from][event];
				if (step === undefined || from === "unknown") continue;
				const knew = told.includes(from) || event === "answered";
				expect([from, event, step.notifies === "roomAdded"]).toEqual([from, event, !knew && told.includes(step.to)]);
				expect([from, event, step.notifies === "roomRemoved"]).toEqual([from, event, knew && !told.includes(step.to)]);
			}
		}
	});

	test("has no other steps: a missing one is a bug", () => {
		const known = STATES.reduce((sum, state) => sum + Object.keys(PLACES[state]).length, 0);
		let illegal = 0;
		for (const state of STATES) {
			for (const event of EVENTS) {
				if (PLACES[state][event] !== undefined) continue;
				expect(() => nextPlace(state, event)).toThrow(IllegalStep);
				illegal++;
			}
		}
		expect(known + illegal).toBe(STATES.length * EVENTS.length);
	});
});

/** The table as a Mermaid state diagram, without the events that change nothing and send nothing. */
function placeDiagram(): string {
	const lines = ["stateDiagram-v2", "    [*] --> unknown"];
	for (const [from, row] of Object.entries(PLACES)) {
		for (const [event, step] of Object.entries(row)) {
			if (step.to === from && step.notifies === undefined) continue;
			lines.push(`    ${from} --> ${step.to}: ${event}${step.notifies === undefined ? "" : ` / ${step.notifies}`}`);
		}
	}
	return lines.join("\n");
}
