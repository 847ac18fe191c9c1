import { expect, test } from "bun:test";
import { join } from "node:path";
import { productionDefine, withoutDevtools } from "../src/bundle.ts";

test("the terminal client fits into one bundle: nothing is missing, and React is the production build", async () => {
	const { success, outputs } = await Bun.build({
		entrypoints: [join(import.meta.dir, "../src/mod.ts")],
		target: "bun",
		plugins: [withoutDevtools],
		define: { ...productionDefine },
	});
	expect(success).toBe(true);
	const code = await outputs[0]?.text();
	expect(code).not.toMatch(/from ?"react-devtools-core"/);
	expect(code).not.toContain("react-reconciler.development");
});
