// Runs one row of the table against a sandbox of its own, and checks its report.

import { join } from "node:path";
import { deadUrl, KEY, Sandbox } from "../../node/helpers/sandbox.js";
import { reportOf, withBrowser } from "./browsers.js";
import { exec } from "./project.js";
import { Skipped } from "./skipped.js";

const THIS_PLATFORM = `${process.platform}-${process.arch}`;

/** What scenario/scenario.js reports. */
const SCENARIO = ["solve", "refusal", "error", "abort", "dead port"];

/**
 * Fails unless every check has passed. Returns the version of the runtime, bundler or browser.
 *
 * @param {string} project The folder in which it is installed.
 */
export async function runVariant(project, { run, checks = SCENARIO, platform = THIS_PLATFORM }) {
  if (platform !== THIS_PLATFORM) throw new Skipped(`for ${platform}`);
  const sandbox = await Sandbox.start();
  try {
    const { base64, text } = await sandbox.captcha();
    const services = { clientKey: KEY, baseUrl: sandbox.url(), deadUrl: await deadUrl() };
    const config = { ...services, image: base64, text };
    const { version, report } = await run({
      project,
      config,
      exec: (...args) => exec(project, ...args),
      openPage: (page) => openPage({ project, config, ...page }),
    });
    assertPassed(report, checks);
    return version.trim();
  } finally {
    await sandbox.stop();
  }
}

/**
 * Opens a page of the project in a browser. Returns its report, the paths that it requested of its own site, and the
 * browser's version. The page's origin differs from that of the services: every call crosses origins, as in real life.
 *
 * @param {object} page
 * @param {"chromium" | "firefox"} page.browser
 * @param {string} [page.folder] What is served, within the project.
 * @param {string} [page.address] The origin of a server that already runs, in place of `folder`.
 * @param {string} [page.path] The page within it.
 * @param {string} [page.extension] The folder of an extension to load first.
 */
async function openPage({
  project,
  config,
  browser: name,
  folder = ".",
  address,
  path = "index.html",
  extension,
}) {
  const site = address ? undefined : await Sandbox.start({ serve: { "/": join(project, folder) } });
  try {
    return await withBrowser(name, extension, async (browser) => ({
      version: await browser.version(),
      ...(await reportOf(browser, `${address ?? site.origin}/${path}`, config)),
    }));
  } finally {
    await site?.stop();
  }
}

function assertPassed(report, checks) {
  const wrong = checks.filter((check) => report[check] !== "ok");
  if (wrong.length === 0) return;
  throw new Error(wrong.map((check) => `${check}: ${report[check] ?? "not reported"}`).join("\n"));
}
