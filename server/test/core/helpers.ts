// Helpers for the commands that tests send most.
import type { Command } from "@verbatim/protocol";
import type { TestClient } from "./harness.ts";

let cids = 0;

export function say(room: string, text: string, cid = `c${++cids}`, behind = ""): Command {
	return { case: "send", value: { room, cid, text, behind } };
}

export function join(room: string, history = 0): Command {
	return { case: "join", value: { room, create: true, history } };
}

/** Joins; returns the room's id and the seq at which its stream goes on. */
export async function joined(client: TestClient, room: string): Promise<{ id: string; epoch: number; to: number }> {
	const answer = await client.want("joined", join(room));
	return { id: answer.room?.id ?? "", epoch: answer.room?.epoch ?? 0, to: answer.page?.to ?? 0 };
}

export function range(from: number, to: number): number[] {
	return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** The text of each message entry. */
export function texts(client: TestClient, room: string): string[] {
	return client.entries(room).flatMap((entry) => (entry.body.case === "message" ? [entry.body.value.text] : []));
}
