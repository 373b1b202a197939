// What the places of bundlers have in common: a script of the project builds a page into `dist`, and the page
// is opened in Chromium.

import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** The version of a package that a project has installed. */
export async function versionOf(project, name) {
  const manifest = join(project, "node_modules", name, "package.json");
  return JSON.parse(await readFile(manifest, "utf8")).version;
}

/**
 * A variant: what a script of the project builds.
 *
 * @param {string} bundler The bundler's package.
 * @param {string} script The script's name.
 * @param {{ wasm: 0 | 1 }} expected How many copies of the module must lie beside the JavaScript. Each must be
 *   requested once, and nothing else but the page and its scripts.
 */
export const built =
  (bundler, script, { wasm }) =>
  async ({ project, run, openPage }) => {
    await build(project, run, script);
    const files = await readdir(join(project, "dist"), { recursive: true });
    assert.equal(files.filter(isWasm).length, wasm, `${files}`);
    const { report, requested } = await openPage({ browser: "chromium", folder: "dist" });
    assertRequested(requested, { wasm });
    return { version: await versionOf(project, bundler), report };
  };

/** Builds into an empty folder, for the scripts of a project build into the same one. */
export async function build(project, run, script) {
  await rm(join(project, "dist"), { recursive: true, force: true });
  await run("npm", ["run", script]);
}

function assertRequested(requested, { wasm }) {
  assert.equal(requested.filter(isWasm).length, wasm, `${requested}`);
  const others = requested.filter((path) => !isWasm(path) && !/\.(html|js)$/.test(path));
  assert.deepEqual(others, []);
}

const isWasm = (path) => path.endsWith(".wasm");
