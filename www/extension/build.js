// Builds the extension for Chromium and Firefox: `node build.js [FOLDER]`, into target/extension by default.

import { cp, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const sources = import.meta.dirname;
const folder = resolve(process.argv[2] ?? "target/extension");

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

// #region readme
await build({
  entryPoints: ["background.js", "popup.js"].map((name) => join(sources, name)),
  outdir: folder,
  bundle: true,
  format: "esm",
  target: ["chrome123", "firefox142"],
});
// The bundle looks for it beside itself.
const wasm = fileURLToPath(import.meta.resolve("capwire/capwire.wasm"));
await cp(wasm, join(folder, "capwire.wasm"));
// #endregion

for (const name of ["manifest.json", "popup.html", "popup.css", "icon.png", "_locales"]) {
  await cp(join(sources, name), join(folder, name), { recursive: true });
}
console.log(folder);
