// The files that a user installs, as docs/release.md lists them.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const installed = dirname(fileURLToPath(import.meta.resolve("capwire/package.json")));

it("the package has these files and nothing else", async () => {
  const all = await readdir(installed, { recursive: true, withFileTypes: true });
  const files = all.filter((entry) => entry.isFile());
  const names = (folder) =>
    files.filter(({ parentPath }) => parentPath === folder).map(({ name }) => name);

  assert.deepEqual(names(installed).sort(), [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES",
    "errors.js",
    "inline.js",
    "js.js",
    "package.json",
    "ru.js",
  ]);
  const elsewhere = files.filter(({ parentPath }) => parentPath !== installed);
  assert.ok(elsewhere.length > 30, `${elsewhere.length} files`);
  for (const { parentPath, name } of elsewhere) {
    const [folder] = relative(installed, parentPath).split(sep);
    const isSource = folder === "src" && /\.ts$/.test(name);
    const isBuilt = folder === "dist" && /\.(js|d\.ts)(\.map)?$|^capwire\.wasm$/.test(name);
    assert.ok(isSource || isBuilt, `${folder}/${name}`);
  }
});
