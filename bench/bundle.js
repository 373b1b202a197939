// The clients as a page loads them.

import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const PAGES = resolve(HERE, "../target/bench");
export const WASM = fileURLToPath(import.meta.resolve("capwire/capwire.wasm"));

const OPTIONS = {
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  // node-capmonster reads files, in Node only.
  external: ["fs", "*.wasm"],
  logLevel: "error",
};

/** The minified JavaScript that a source text imports. */
export async function minified(contents) {
  const stdin = { contents, resolveDir: HERE };
  const { outputFiles } = await build({ ...OPTIONS, stdin, write: false });
  return outputFiles[0].contents;
}

/** Writes the page of chromium.js, and the clients that it may import. Returns the folder. */
export async function writePages(clients) {
  await rm(PAGES, { recursive: true, force: true });
  await mkdir(PAGES, { recursive: true });
  const names = ["page", ...clients.map(({ file }) => join("clients", file))];
  const entryPoints = names.map((name) => join(HERE, `${name}.js`));
  await build({ ...OPTIONS, entryPoints, entryNames: "[name]", outdir: PAGES });
  await copyFile(WASM, join(PAGES, "capwire.wasm"));
  const html = '<!doctype html><title>bench</title><script type="module" src="page.js"></script>';
  await writeFile(join(PAGES, "page.html"), html);
  return PAGES;
}
