// Miniflare, by its API. Wrangler uses it, too, and bundles by itself in the same way.

import { versionOf } from "../../bundles.js";

export default {
  variants: {
    async "Miniflare, bundled by esbuild"({ project, run, config }) {
      await run("npm", ["run", "build"]);
      return {
        version: await versionOf(project, "miniflare"),
        report: JSON.parse(await run(process.execPath, ["serve.js", JSON.stringify(config)])),
      };
    },
  },
};
