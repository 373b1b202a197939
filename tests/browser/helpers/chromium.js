// A headless Chromium, with pages that use the package without a bundler.

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { installed } from "../../node/helpers/installed-package.js";
import { scan } from "../../node/helpers/leak-scan.js";
import { Sandbox } from "../../node/helpers/sandbox.js";

export const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Looks for the key in everything a page lets out, until it is closed. */
function watch(page) {
  page.on("console", (message) => scan("console messages", message.text()));
  page.on("pageerror", (error) => scan("errors of pages", error));
  page.on("request", async (request) => {
    const headers = await request.allHeaders().catch(() => ({}));
    scan("requests", JSON.stringify([request.url(), headers]));
  });
}

/** Looks for the key in what a page leaves behind. */
async function scanAtEnd(page) {
  const names = () => performance.getEntries().map(({ name }) => name);
  scan("performance entries", (await page.evaluate(names).catch(() => [])).join("\n"));
}

/**
 * Starts Chromium, and a server for the test pages and the installed package.
 *
 * It is another sandbox than those that tests call, so that every request crosses origins, as in real life.
 */
export async function startBrowser() {
  const pages = fileURLToPath(new URL("../pages", import.meta.url));
  const [browser, site] = await Promise.all([
    chromium.launch({ executablePath: process.env.CAPWIRE_CHROMIUM, args: FLAGS }),
    Sandbox.start({ serve: { "/capwire": installed, "/pages": pages } }),
  ]);
  return {
    /**
     * The playground of the repository, served beside the sandbox that it calls.
     *
     * @param {import("node:test").TestContext} t
     */
    async openPlayground(t) {
      const www = fileURLToPath(new URL("../../../www", import.meta.url));
      const sandbox = await Sandbox.start({ serve: { "/capwire": installed, "/": www } });
      const page = await browser.newPage();
      watch(page);
      t.after(async () => {
        await scanAtEnd(page);
        await Promise.all([page.close(), sandbox.stop()]);
      });
      await page.goto(`${sandbox.origin}/index.html`);
      return page;
    },

    /**
     * A page for one test, with its `attempt` loaded.
     *
     * @param {import("node:test").TestContext} t
     */
    async open(t, name) {
      const context = await browser.newContext();
      const page = await context.newPage();
      watch(page);
      t.after(async () => {
        await scanAtEnd(page);
        await context.close();
      });
      await page.goto(`${site.origin}/pages/${name}`);
      await page.waitForFunction(() => globalThis.attempt !== undefined);
      return page;
    },

    async stop() {
      await Promise.all([browser.close(), site.stop()]);
    },
  };
}
