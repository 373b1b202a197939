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

/** The names of the browsers that this machine has. */
export const present = Object.keys(LAUNCH).filter((name) => LAUNCH[name].executablePath);

/** Starts a browser with nothing in it. Whoever starts it closes it. */
export function launch(name, options = {}) {
  return puppeteer.launch({ headless: true, ...LAUNCH[name], ...options });
}

/**
 * Opens a page, which finds `config` in its address behind the `#`, and gives what it puts into
 * `globalThis.report`.
 */
export async function reportOf(browser, address, config) {
  const page = await browser.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(`${address}#${encodeURIComponent(JSON.stringify(config))}`);
    await page.waitForFunction(() => globalThis.report !== undefined, { timeout: 60_000 });
    return await page.evaluate(() => globalThis.report);
  } catch (error) {
    throw new Error([`${address}: ${error.message}`, ...said].join("\n"));
  } finally {
    await page.close();
  }
}
