// Copies of the installed package. Each has its own module, not yet started.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The folder of the installed package. */
export const installed = dirname(fileURLToPath(import.meta.resolve("capwire/package.json")));

/**
 * A project that has a copy of the package installed, for one test.
 *
 * @param {import("node:test").TestContext} t
 */
export async function copiedInstall(t) {
  const project = await mkdtemp(join(import.meta.dirname, "copy-"));
  t.after(() => rm(project, { recursive: true }));
  const folder = join(project, "node_modules", "capwire");
  await cp(installed, folder, { recursive: true, dereference: true });
  // The entry that an import in that project would find.
  const entry = createRequire(join(project, "script.js")).resolve("capwire");
  return { project, folder, load: () => import(pathToFileURL(entry).href) };
}
