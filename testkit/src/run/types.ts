// `npm run types`: every package is checked under its own compiler settings, so that each sees only what it may use.
const projects = ["protocol", "protocol/tsconfig.test.json", "client", "server", "terminal", "web", "cli", "testkit", "bench"];

let failed = 0;
for (const project of projects) {
	const run = Bun.spawnSync(["node_modules/.bin/tsc", "-p", project], { stdout: "inherit", stderr: "inherit" });
	if (run.exitCode !== 0) failed++;
}
console.log(
	failed === 0 ? `types: ${projects.length} projects, no errors` : `types: errors in ${failed} of ${projects.length} projects`,
);
process.exit(failed === 0 ? 0 : 1);
