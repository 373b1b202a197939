// What differs in Firefox from Chromium.

import { until } from "./until.js";

const ID = "reads-my-captchas@capwire.example";

/** Firefox gives each extension a random host name in each profile, unless this preference sets it. */
const HOST = "6f0e4a52-7d3b-4c1e-9a68-2b5c8d1f3e70";

/** An extension that attacks this one. */
const OTHER_ID = "other@capwire.example";
const OTHER_HOST = "0b9d5c1e-2f64-4a7b-8e13-7c6a9d2f5b84";

/** Options of puppeteer. */
export const options = {
  // Permission to drive pages of extensions and the browser's own window.
  args: ["--remote-allow-system-access"],
  extraPrefsFirefox: {
    "extensions.webextensions.uuids": JSON.stringify({ [ID]: HOST, [OTHER_ID]: OTHER_HOST }),
  },
};

export const originOf = (id) => `moz-extension://${id === OTHER_ID ? OTHER_HOST : HOST}`;

/** Whether the page takes part when its menu opens. */
export const needsPageForMenu = true;

/** Ends the worker as the browser does. */
export const endWorker = ({ browser }) =>
  evaluateInWindow(browser, `WebExtensionPolicy.getByID("${ID}").extension.terminateBackground()`);

/** Chooses the extension's item of the context menu. */
export async function readByMenu({ browser, tab }) {
  await tab.bringToFront();
  const box = await (await tab.$("img")).boundingBox();
  await tab.mouse.click(box.x + 5, box.y + 5, { button: "right" });
  const menu = `document.getElementById("contentAreaContextMenu")`;
  const item = `[...${menu}.children].find(({ label }) => label === "Read the text in this image")`;
  const isOpen = () => evaluateInWindow(browser, `${menu}.state === "open" && Boolean(${item})`);
  await until(isOpen, "the menu is open");
  await evaluateInWindow(browser, `${menu}.activateItem(${item})`);
}

/** Evaluates an expression in the browser's own window. */
async function evaluateInWindow(browser, expression) {
  const { result: tree } = await browser.connection.send("browsingContext.getTree", {
    "moz:scope": "chrome",
  });
  const window = tree.contexts.find(({ url }) => url.endsWith("/browser.xhtml"));
  const { result } = await browser.connection.send("script.evaluate", {
    expression,
    awaitPromise: true,
    target: { context: window.context },
  });
  if (result.type !== "success") throw new Error(result.exceptionDetails.text);
  return result.result.value;
}
