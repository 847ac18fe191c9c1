import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { LogSampler } from "../../src/limit/log-sampler.ts";

test("repeated errors of the server are logged now and then, at error, with how many were left out", async () => {
	const clock = new VirtualClock();
	const written: Array<{ level: string; fields: object }> = [];
	const at = (level: string) => (fields: object) => void written.push({ level, fields });
	const lines = new LogSampler({ info: at("info"), error: at("error") }, clock);
	for (let i = 0; i < 1_000; i++)
		lines.line({ about: "trouble", kind: "a batch that failed", address: "" }, () => ({ i }), "failed");
	expect(written.map(({ level }) => level)).toEqual(Array.from({ length: 10 }, () => "error"));
	await clock.advance(10_000);
	expect(written.at(-1)).toEqual({ level: "info", fields: { kind: "a batch that failed", leftOut: 990 } });
	lines.stop();
});
