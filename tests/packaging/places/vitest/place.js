// Vitest. A pool with `vm` in its name gives the tests a realm of their own: what Node rejects with is no
// `Error` there.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const variant =
  (...args) =>
  async ({ project, run, config }) => {
    const file = join(project, "report.json");
    await rm(file, { force: true });
    await run("vitest", ["run", ...args], { CONFIG: JSON.stringify(config) });
    return {
      version: (await run("vitest", ["--version"])).match(/^vitest\/(\S+)/)[1],
      report: JSON.parse(await readFile(file, "utf8")),
    };
  };

export default {
  variants: {
    Vitest: variant("capwire.test.js"),
    "Vitest, vmThreads": variant("--pool=vmThreads"),
  },
};
