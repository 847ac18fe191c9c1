// The table of a session's place in a room, and the diagram of it.
import { describe, expect, test } from "bun:test";
import { IllegalStep } from "../../src/base/faults.ts";
import { hasSubscription, nextPlace, PLACES, type PlaceEvent, type PlaceState, placeDiagram } from "../../src/room/place.ts";

const STATES = Object.keys(PLACES) as PlaceState[];
const EVENTS = [...new Set(STATES.flatMap((state) => Object.keys(PLACES[state])))] as PlaceEvent[];
const page = await Bun.file(new URL("../../../ARCHITECTURE.md", import.meta.url)).text();

describe("the table of a place in a room", () => {
	test("is the diagram in ARCHITECTURE.md", () => {
		expect(page).toContain(`\`\`\`mermaid\n${placeDiagram()}\n\`\`\``);
	});

	test("can be gone through from unknown to every state, and from every state back to absent", () => {
		const reachable = (from: PlaceState): Set<PlaceState> => {
			const met = new Set([from]);
			for (const state of met) for (const event of EVENTS) met.add(PLACES[state][event]?.to ?? state);
			return met;
		};
		expect([...reachable("unknown")].sort()).toEqual([...STATES].sort());
		for (const state of STATES) expect(reachable(state)).toContain("absent");
	});

	test("knows what to do in every state with what a bus may bring at any time", () => {
		for (const state of STATES) for (const event of ["joined", "left"] as const) nextPlace(state, event);
	});

	test("ends a subscription by nothing but a leave", () => {
		for (const state of STATES.filter(hasSubscription)) {
			for (const event of EVENTS) {
				const step = PLACES[state][event];
				if (step !== undefined && !hasSubscription(step.to)) expect(event).toBe("left");
			}
		}
	});

	test("notifies a room once before it is sent to, and removed once if it was told", () => {
		// Whether the client knows of the room; in the other states a subscription is held, and an answer says it.
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

	test("has no other steps: one that it does not have is our bug", () => {
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
