// Jest. Its tests have a realm of their own: what Node rejects with is no `Error` there.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

export default {
  variants: {
    async Jest({ project, run, config }) {
      await run("npm", ["test", "--", "--ci"], { CONFIG: JSON.stringify(config) });
      return {
        version: await run("jest", ["--version"]),
        report: JSON.parse(await readFile(join(project, "report.json"), "utf8")),
      };
    },
  },
};
