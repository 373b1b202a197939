import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { built, versionOf } from "../../bundles.js";

/** A page of the project by way of the dev server, and whether it is to request the module. */
const served =
  (path, { wasm }) =>
  async ({ project, openPage }) => {
    const entry = join(project, "node_modules", "vite", "dist", "node", "index.js");
    const { createServer } = await import(pathToFileURL(entry).href);
    const server = await createServer({ root: project, logLevel: "warn" });
    try {
      await server.listen();
      const address = new URL(server.resolvedUrls.local[0]).origin;
      const { report, requested } = await openPage({ browser: "chromium", address, path });
      assert.equal(requested.filter((path) => path.endsWith(".wasm")).length, wasm, `${requested}`);
      return { version: await versionOf(project, "vite"), report };
    } finally {
      await server.close();
    }
  };

export default {
  variants: {
    "Vite, build": built("vite", "build", { wasm: 1 }),
    "Vite, build, inline": built("vite", "build:inline", { wasm: 0 }),
    "Vite, dev server": served("index.html", { wasm: 1 }),
    "Vite, dev server, inline": served("inline/index.html", { wasm: 0 }),
  },
};
