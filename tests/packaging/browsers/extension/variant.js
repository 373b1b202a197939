// Runs all checks of the extension in one browser. They use its popup, opened in a tab, and the context menu of a page.

import { equal } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY, Sandbox } from "../../../node/helpers/sandbox.js";
import { launch } from "../../harness/browsers.js";
import { build } from "./build.js";
import { CHECKS } from "./checks.js";
import * as chromium from "./chromium.js";
import * as firefox from "./firefox.js";
import { serveImages } from "./images.js";
import { openPopup } from "./popup.js";
import { until } from "./until.js";

const DRIVERS = { chromium, firefox };

/** The tools of one check, beside those that all checks share. */
async function toolsOf({ browser, sandbox, project, origin, driver }) {
  const cleanups = [];
  const account = { capmonster: { baseUrl: sandbox.url(), clientKey: KEY } };
  const captcha = await sandbox.captcha();
  captcha.file = join(project, "captcha.png");
  await writeFile(captcha.file, captcha.bytes);

  const reopen = async () => {
    const popup = await openPopup(browser, origin);
    cleanups.push(() => popup.page.isClosed() || popup.close());
    return popup;
  };

  /** Opens the popup when nothing is stored except these accounts. */
  const open = async (accounts) => {
    const popup = await reopen();
    await popup.page.evaluate(async (accounts) => {
      await Promise.all([chrome.storage.local.clear(), chrome.storage.session.clear()]);
      await new Promise((resolve, reject) =>
        Object.assign(indexedDB.deleteDatabase("accounts"), {
          onsuccess: resolve,
          onerror: reject,
        }),
      );
      await chrome.storage.session.set(accounts);
    }, accounts);
    await popup.close();
    return reopen();
  };

  /** Reads the image of a page by the context menu. `before` does something to the page just before. */
  const read = async (accounts, { cacheControl, path = "", before = async () => {} }) => {
    await (await open(accounts)).close();
    const site = await serveImages(sandbox, cacheControl);
    const tab = await browser.newPage();
    cleanups.push(() => tab.close(), site.stop);
    // An image may never be there.
    await tab.goto(`${site.origin}/${path}`, { waitUntil: "domcontentloaded" });
    await tab.waitForFunction(() => document.images[0].naturalWidth > 0);
    const unread = await tab.content();
    const image = await tab.$eval("img", ({ currentSrc }) => currentSrc);
    await before(tab);
    await driver.readByMenu({ browser, id: new URL(origin).host, tab, image });
    const popup = await reopen();
    await until(async () => {
      const { job } = await popup.stored("session");
      return job !== undefined && job.state !== "working";
    }, "it is read");
    // The page is not changed.
    equal(await tab.content(), unread);
    return { popup, site, tab };
  };

  /** Returns the text of the badge, which another page of the extension reads. */
  const badge = async () => {
    const page = await browser.newPage();
    page.goto(`${origin}/popup.css`).catch(() => {});
    const text = () => globalThis.chrome?.action?.getBadgeText({});
    const asked = () => page.evaluate(text).catch(() => undefined);
    await until(async () => (await asked()) !== undefined, "the page is there");
    const found = await asked();
    await page.close();
    return found;
  };

  return {
    account,
    badge,
    captcha,
    origin,
    open,
    reopen,
    read,
    endWorker: ({ page }) => driver.endWorker({ browser, page }),
    originOf: driver.originOf,
    needsPageForMenu: driver.needsPageForMenu,
    async cleanUp() {
      for (const cleanup of cleanups) await cleanup();
    },
  };
}

async function checkAll({ project, exec, name, browser, sandbox, driver }) {
  const builds = await build({ project, exec, name });
  const install = async (folder) => driver.originOf(await browser.installExtension(folder));
  const origin = await install(builds.folder);
  const report = {};
  for (const [check, work] of Object.entries(CHECKS)) {
    await sandbox.reset();
    await sandbox.settings({ solveMs: 0 });
    const shared = { project, exec, browser, sandbox, install, ...builds };
    const { cleanUp, ...own } = await toolsOf({ ...shared, origin, driver });
    report[check] = await work({ ...shared, ...own }).then(
      () => "ok",
      (error) => error.stack,
    );
    await cleanUp();
  }
  return { version: await browser.version(), report };
}

/** Builds the extension, installs it in a browser and runs all checks. */
export async function checkExtension(name, { project, exec }) {
  const driver = DRIVERS[name];
  const browser = await launch(name, driver.options);
  try {
    const sandbox = await Sandbox.start();
    try {
      return await checkAll({ project, exec, name, browser, sandbox, driver });
    } finally {
      await sandbox.stop();
    }
  } finally {
    await browser.close();
  }
}
