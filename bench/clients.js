// The clients that are compared, and how each is called.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * - `file` in the folder `clients` makes a function that solves an image.
 * - `bundle` is what a page imports of it, for the size of its download.
 * - `how` says what was set, for the report.
 */
export const CLIENTS = [
  {
    name: "bare fetch",
    file: "bare",
    how: "A loop of 20 lines over `fetch`: no checks, no time-outs, no retries.",
  },
  {
    name: "capwire",
    file: "capwire",
    package: "capwire",
    bundle: 'export { Client } from "capwire";',
    how: "`solveImage(bytes)` with the default options.",
  },
  {
    name: "capwire, node-http",
    file: "capwire-node-http",
    package: "capwire",
    entry: "capwire/node-http",
    nodeOnly: true,
    how: "The same with the `fetch` of `capwire/node-http`.",
  },
  {
    name: "capmonstercloud-client",
    file: "capmonstercloud-client",
    package: "@zennolab_com/capmonstercloud-client",
    bundle:
      'export { CapMonsterCloudClientFactory, ClientOptions, ImageToTextRequest } from "@zennolab_com/capmonstercloud-client";',
    how: "`Solve()`. In Node it uses node:http, in pages `fetch`.",
  },
  {
    name: "node-capmonster",
    file: "node-capmonster",
    package: "node-capmonster",
    bundle: 'export { ImageToTextTask } from "node-capmonster";',
    how: "`createWithTask()`, then `joinTaskResult()`, which asks at once. It uses axios: node:http, in pages XMLHttpRequest.",
  },
  {
    name: "captcha-solver",
    file: "captcha-solver",
    package: "@2captcha/captcha-solver",
    bundle: 'export { Solver } from "@2captcha/captcha-solver";',
    how: "`imageCaptcha()`, which sends another protocol. It uses node-fetch over node:http, in pages `fetch`.",
  },
];

const here = createRequire(import.meta.url);

/** Those that this build has: capwire/node-http may be missing. */
export function installedClients() {
  return CLIENTS.filter(({ entry }) => {
    if (entry === undefined) return true;
    try {
      return Boolean(import.meta.resolve(entry));
    } catch {
      return false;
    }
  });
}

/** The version of an npm package that is installed. */
export function versionOf(name) {
  for (let folder = dirname(here.resolve(name)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (manifest.name === name) return manifest.version;
    } catch {
      // The next folder up may have it.
    }
    if (folder === dirname(folder)) throw new Error(`${name} is not installed`);
  }
}
