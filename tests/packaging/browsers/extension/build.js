// Builds the extension from a copy of its sources, as its own README says, with the packed package.

import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const SOURCES = resolve(import.meta.dirname, "../../../../www/extension");

/** One build makes the folders of both browsers. */
let built;

/** Returns the folders to install, of one browser, and that of Firefox for its linter. */
export async function build({ project, exec, name }) {
  built ??= (async () => {
    await cp(SOURCES, join(project, "sample"), { recursive: true });
    await exec("node", ["sample/build.js", join(project, "built")]);
  })();
  await built;
  const folder = join(project, "built", name);
  const changed = async (kind, change) => {
    const copy = join(project, `${kind}-${name}`);
    await cp(folder, copy, { recursive: true });
    await change(copy);
    return copy;
  };
  return {
    folder,
    forFirefox: join(project, "built", "firefox"),
    // A browser takes its language from the system, so this copy has Russian only.
    russian: await changed("russian", async (copy) => {
      await rm(join(copy, "_locales/en"), { recursive: true });
      const manifest = JSON.parse(await readFile(join(copy, "manifest.json"), "utf8"));
      const russian = JSON.stringify({ ...manifest, default_locale: "ru" });
      await writeFile(join(copy, "manifest.json"), russian);
    }),
    withoutWasm: await changed("without-wasm", (copy) => rm(join(copy, "capwire.wasm"))),
  };
}
