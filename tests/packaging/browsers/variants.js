// Pages, workers and extensions in Chromium and Firefox, without a bundler: the package is where npm has put it.

import { cp } from "node:fs/promises";
import { join } from "node:path";
import { CHECKS } from "./extension/checks.js";
import { checkExtension } from "./extension/variant.js";

const BROWSERS = { Chromium: "chromium", Firefox: "firefox" };

/** A row for each page in each browser. */
const pages = (paths, settings = {}) =>
  Object.entries(BROWSERS).flatMap(([browserName, browser]) =>
    Object.entries(paths).map(([name, path]) => [
      `${name}, ${browserName}`,
      { run: ({ openPage }) => openPage({ browser, path }), ...settings },
    ]),
  );

/** A content script. Its realm is not that of the page: in Firefox errors of `fetch` are of the page's realm. */
const contentScript = (browser) => ({
  async run({ project, openPage }) {
    const extension = join(project, "content-script", "extension");
    const copy = (from, to) => cp(join(project, from), join(extension, to), { recursive: true });
    await copy("node_modules/capwire/dist", "dist");
    await copy("scenario/scenario.js", "scenario.js");
    return openPage({ browser, path: "content-script/index.html", extension });
  },
});

const extension = (browser) => ({
  checks: Object.keys(CHECKS),
  run: (tools) => checkExtension(browser, tools),
});

const rows = Object.fromEntries([
  ...pages({
    page: "pages/index.html",
    "module worker": "pages/worker.html?kind=module",
    "classic worker": "pages/worker.html?kind=classic",
    "service worker": "pages/worker.html?kind=service",
    "strict CSP": "pages/strict-csp.html",
  }),
  // The module cannot start, and the error names the missing source.
  ...pages(
    {
      "CSP without 'wasm-unsafe-eval'": "policy/no-wasm.html",
      "CSP without connect-src": "policy/no-connect.html",
    },
    { checks: ["first call", "next call"] },
  ),
  // WebAssembly is switched off, which the page checks too, and the package runs as JavaScript.
  ...pages(
    {
      "capwire/js": "no-wasm/index.html",
      "capwire/js after capwire has failed": "no-wasm/fallback.html",
    },
    { checks: ["switched off", "solve", "refusal", "error", "abort", "dead port"] },
  ),
  ["content script, Chromium", contentScript("chromium")],
  ["content script, Firefox", contentScript("firefox")],
  ["extension, Chromium", extension("chromium")],
  ["extension, Firefox", extension("firefox")],
]);
rows["page, Chromium"].fast = true;

export default rows;
