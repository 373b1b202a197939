// Builds the extension for Chromium and for Firefox: `node build.js [FOLDER]`. The default folder is
// target/extension. The two builds differ in one manifest key.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const sources = import.meta.dirname;
const target = resolve(process.argv[2] ?? "target/extension");

const manifest = JSON.parse(await readFile(join(sources, "manifest.json"), "utf8"));
const { service_worker, scripts, type } = manifest.background;
/** Each browser warns about the other's key. */
const BACKGROUNDS = {
  chromium: { service_worker, type },
  firefox: { scripts, type },
};

for (const [browser, background] of Object.entries(BACKGROUNDS)) {
  const folder = join(target, browser);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  await build({
    entryPoints: ["background.js", "popup.js"].map((name) => join(sources, name)),
    outdir: folder,
    bundle: true,
    format: "esm",
    target: ["chrome123", "firefox142"],
  });
  // The bundle looks for this file next to itself.
  const wasm = fileURLToPath(import.meta.resolve("capwire/capwire.wasm"));
  await cp(wasm, join(folder, "capwire.wasm"));

  for (const name of ["popup.html", "popup.css", "icon.png", "_locales"]) {
    await cp(join(sources, name), join(folder, name), { recursive: true });
  }
  const text = JSON.stringify({ ...manifest, background }, null, 2);
  await writeFile(join(folder, "manifest.json"), text);
  console.log(folder);
}
