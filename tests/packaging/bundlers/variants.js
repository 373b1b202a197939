// Bundlers: a script of the project builds into `dist`, and the page there is opened in Chromium.

import assert from "node:assert/strict";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { versionOf } from "../harness/project.js";

/**
 * A page that a script builds.
 *
 * @param {string} bundler The bundler's package.
 * @param {string} script The script's name, without "build:".
 * @param {{ wasm: 0 | 1 }} expected How many copies of the wasm file must lie beside the JavaScript. Each must be
 *   requested once, and nothing else but the page and its scripts.
 */
const page = (bundler, script, { wasm }) => ({
  async run({ project, exec, openPage }) {
    await build(project, exec, script);
    const files = await readdir(join(project, "dist"), { recursive: true });
    assert.equal(files.filter(isWasm).length, wasm, `${files}`);
    const { report, requested } = await openPage({ browser: "chromium", folder: "dist" });
    assertRequested(requested, { wasm });
    return { version: await versionOf(project, bundler), report };
  },
});

/** A program for Node that a script builds. */
const program = (bundler, script, file) => ({
  async run({ project, config, exec }) {
    await build(project, exec, script);
    return {
      version: await versionOf(project, bundler),
      report: JSON.parse(await exec(process.execPath, [file, JSON.stringify(config)])),
    };
  },
});

/** Builds into an empty folder, because all scripts build into the same one. */
async function build(project, exec, script) {
  await rm(join(project, "dist"), { recursive: true, force: true });
  await exec("npm", ["run", `build:${script}`]);
}

function assertRequested(requested, { wasm }) {
  assert.equal(requested.filter(isWasm).length, wasm, `${requested}`);
  const others = requested.filter((path) => !isWasm(path) && !/\.(html|js)$/.test(path));
  assert.deepEqual(others, []);
}

const isWasm = (path) => path.endsWith(".wasm");

/** A page of a folder from Vite's dev server, and how often it must request the wasm file. */
const viteServer = (folder, { wasm }) => ({
  async run({ project, openPage }) {
    if (folder !== ".") await cp(join(project, "index.html"), join(project, folder, "index.html"));
    const entry = join(project, "node_modules", "vite", "dist", "node", "index.js");
    const { createServer } = await import(pathToFileURL(entry).href);
    const server = await createServer({ root: project, logLevel: "warn" });
    try {
      await server.listen();
      const address = new URL(server.resolvedUrls.local[0]).origin;
      const path = `${folder}/index.html`;
      const { report, requested } = await openPage({ browser: "chromium", address, path });
      assert.equal(requested.filter(isWasm).length, wasm, `${requested}`);
      return { version: await versionOf(project, "vite"), report };
    } finally {
      await server.close();
    }
  },
});

/** Parcel looks for files, not for the package's "exports". So it could find one entry and miss another. */
const parcelWithRussian = {
  async run(tools) {
    const result = await page("parcel", "parcel", { wasm: 1 }).run(tools);
    assert.match(result.report.refusalInRussian, /[а-я]{4}/);
    return result;
  },
};

export default {
  "Vite, build": page("vite", "vite", { wasm: 1 }),
  "Vite, build, inline": page("vite", "vite-inline", { wasm: 0 }),
  "Vite, dev server": viteServer(".", { wasm: 1 }),
  "Vite, dev server, inline": viteServer("inline", { wasm: 0 }),

  webpack: page("webpack", "webpack", { wasm: 1 }),
  "webpack, inline": page("webpack", "webpack-inline", { wasm: 0 }),

  Rspack: page("@rspack/core", "rspack", { wasm: 1 }),
  "Rspack, inline": page("@rspack/core", "rspack-inline", { wasm: 0 }),

  Parcel: parcelWithRussian,
  "Parcel, inline": page("parcel", "parcel-inline", { wasm: 0 }),
  "Parcel, as JavaScript": page("parcel", "parcel-js", { wasm: 0 }),

  "Rollup, file copied": page("rollup", "rollup-copy", { wasm: 1 }),
  "Rollup, importMetaAssets": page("rollup", "rollup-assets", { wasm: 1 }),
  "Rollup, file imported": page("rollup", "rollup-import-url", { wasm: 1 }),
  "Rollup, inline": page("rollup", "rollup-inline", { wasm: 0 }),
  "Rollup, classic script": page("rollup", "rollup-classic", { wasm: 1 }),

  "Rolldown, file copied": page("rolldown", "rolldown-copy", { wasm: 1 }),
  "Rolldown, resolveNewUrlToAsset": page("rolldown", "rolldown-assets", { wasm: 1 }),
  "Rolldown, file imported": page("rolldown", "rolldown-import-url", { wasm: 1 }),
  "Rolldown, inline": page("rolldown", "rolldown-inline", { wasm: 0 }),
  "Rolldown, classic script": page("rolldown", "rolldown-classic", { wasm: 1 }),

  "esbuild, file copied": page("esbuild", "esbuild-copy", { wasm: 1 }),
  "esbuild, file imported": page("esbuild", "esbuild-import-url", { wasm: 1 }),
  "esbuild, inline": page("esbuild", "esbuild-inline", { wasm: 0 }),
  "esbuild, classic script": page("esbuild", "esbuild-classic", { wasm: 1 }),
  "esbuild, for Node": program("esbuild", "esbuild-node", "dist/main.js"),
  "esbuild, for Node, CommonJS": program("esbuild", "esbuild-commonjs", "dist/main.cjs"),
};
