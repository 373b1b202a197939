// Chromium and Firefox, both driven by puppeteer.

import puppeteer from "puppeteer-core";
import { Skipped } from "./skipped.js";

const LAUNCH = {
  chromium: {
    browser: "chrome",
    executablePath: process.env.CAPWIRE_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  },
  firefox: { browser: "firefox", executablePath: process.env.CAPWIRE_FIREFOX },
};

/** The browsers without an extension, by name. They are kept open because starting one takes seconds. */
const shared = new Map();

/** Starts a browser with further options of puppeteer. The caller closes it. */
export function launch(name, options) {
  const settings = LAUNCH[name];
  if (!settings.executablePath) throw new Skipped(`no ${name}`);
  return puppeteer.launch({ headless: true, ...settings, ...options });
}

/**
 * Calls `work` with a browser: a shared one, or one that has just this extension.
 *
 * @param {"chromium" | "firefox"} name
 * @param {string | undefined} extension The folder of an extension to load first.
 */
export async function withBrowser(name, extension, work) {
  if (!extension) {
    if (!shared.has(name)) shared.set(name, launch(name));
    return work(await shared.get(name));
  }
  // Chromium takes extensions when it starts, Firefox afterwards.
  const atStart = name === "chromium" && { enableExtensions: [extension], pipe: true };
  const browser = await launch(name, atStart);
  try {
    if (name === "firefox") await browser.installExtension(extension);
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Closes the shared browsers. */
export async function closeBrowsers() {
  // One that could not start has already failed its rows.
  for (const browser of shared.values()) await browser.then((it) => it.close()).catch(() => {});
}

/**
 * Opens a page, which finds `config` in its address behind the `#`. Returns what it puts into `globalThis.report`, and
 * the paths that were requested of its own site.
 */
export async function reportOf(browser, address, config) {
  const page = await browser.newPage();
  const messages = [];
  const requested = [];
  page.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === new URL(address).origin) requested.push(pathname);
  });
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  try {
    await page.goto(`${address}#${encodeURIComponent(JSON.stringify(config))}`);
    await page.waitForFunction(() => globalThis.report !== undefined, { timeout: 60_000 });
    return { report: await page.evaluate(() => globalThis.report), requested };
  } catch (error) {
    throw new Error([`${address}: ${error.message}`, ...messages].join("\n"));
  } finally {
    await page.close();
  }
}
