// The browsers of this machine, each directed in the same way.

import puppeteer from "puppeteer-core";

const LAUNCH = {
  chromium: {
    browser: "chrome",
    executablePath: process.env.CAPWIRE_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  },
  firefox: { browser: "firefox", executablePath: process.env.CAPWIRE_FIREFOX },
};

/** That this machine does not have a browser. */
export class MissingBrowser extends Error {}

/** Those that are under way, by their names: to start one takes seconds. */
const shared = new Map();

function started(name, extension) {
  const withExtension = extension && name === "chromium";
  return launch(name, withExtension && { enableExtensions: [extension], pipe: true });
}

/** Starts a browser of its own, with other options of puppeteer. Whoever starts it closes it. */
export function launch(name, options) {
  const settings = LAUNCH[name];
  if (!settings.executablePath) throw new MissingBrowser(`no ${name}`);
  return puppeteer.launch({ headless: true, ...settings, ...options });
}

/**
 * Works in a browser: one for all who want no extension, else one with this extension alone.
 *
 * @param {"chromium" | "firefox"} name
 * @param {string} [extension] The folder of an extension that is loaded first.
 */
export async function withBrowser(name, extension, work) {
  if (!extension) {
    if (!shared.has(name)) shared.set(name, started(name));
    return work(await shared.get(name));
  }
  const browser = await started(name, extension);
  try {
    if (name === "firefox") await browser.installExtension(extension);
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Closes those that are shared. */
export async function closeBrowsers() {
  // One that did not start has failed where it was wanted.
  for (const browser of shared.values()) await browser.then((it) => it.close()).catch(() => {});
}

/**
 * Opens a page, which finds `config` in its address behind the `#`, and gives what it puts into
 * `globalThis.report`, and the paths that were requested of its own site.
 */
export async function reportOf(browser, address, config) {
  const page = await browser.newPage();
  const said = [];
  const requested = [];
  page.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === new URL(address).origin) requested.push(pathname);
  });
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(`${address}#${encodeURIComponent(JSON.stringify(config))}`);
    await page.waitForFunction(() => globalThis.report !== undefined, { timeout: 60_000 });
    return { report: await page.evaluate(() => globalThis.report), requested };
  } catch (error) {
    throw new Error([`${address}: ${error.message}`, ...said].join("\n"));
  } finally {
    await page.close();
  }
}
