// `npm run nodes`: brings the Nodes on which the SDK is tried, from the npm registry, into `node_modules/.cache`.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NODE_PACKAGE, NODE_VERSIONS, NODES_FOLDER, nodePath } from "../nodes.ts";
import { argumentsOf } from "./arguments.ts";

argumentsOf({ usage: `npm run nodes\n  brings Node ${NODE_VERSIONS.join(" and ")}, on which the SDK is tried`, options: {} });

for (const version of NODE_VERSIONS) {
	if (existsSync(nodePath(version))) continue;
	const folder = join(NODES_FOLDER, version);
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
	const install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", `${NODE_PACKAGE}@${version}`];
	const { exitCode } = Bun.spawnSync(install, { cwd: folder, stdout: "inherit", stderr: "inherit" });
	if (exitCode !== 0) process.exit(exitCode ?? 1);
}
console.log(`Node ${NODE_VERSIONS.join(" and ")} are in ${NODES_FOLDER}`);
