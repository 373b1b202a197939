// Test runners. Jest, and Vitest with a pool that has `vm` in its name, give each test file a realm of its own: what
// Node rejects with is not an instance of `Error` there.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Runs a script of the project. Its tests must pass, and one of them writes the report. */
const runner = (name, script, ...args) => ({
  async run({ project, exec, config }) {
    const file = join(project, "report.json");
    await rm(file, { force: true });
    await exec("npm", ["run", script, "--", ...args], { CONFIG: JSON.stringify(config) });
    return {
      version: (await exec(name, ["--version"])).match(/\d+\.\d+\.\d+/)[0],
      report: JSON.parse(await readFile(file, "utf8")),
    };
  },
});

export default {
  Jest: runner("jest", "test:jest", "--ci"),
  Vitest: runner("vitest", "test:vitest", "capwire.test.js", "fake-timers.test.js"),
  "Vitest, vmThreads": runner("vitest", "test:vitest", "--pool=vmThreads"),
};
