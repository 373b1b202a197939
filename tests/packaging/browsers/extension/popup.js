// The extension's popup, opened in a tab.

import { stat } from "node:fs/promises";
import { until } from "./until.js";

/** Opens the popup, and returns what a user can do and see there. */
export async function openPopup(browser, origin) {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 600 });
  // Firefox does not report the end of this navigation.
  page.goto(`${origin}/popup.html`).catch(() => {});
  await until(async () => {
    const shown = () => globalThis.chrome?.storage && !document.body.hidden;
    return page.evaluate(shown).catch(() => false);
  }, "the popup is there");
  const popup = {
    page,
    close: () => page.close(),
    text: (id) => page.$eval(`#${id}`, (element) => element.textContent),
    property: (id, name) => page.$eval(`#${id}`, (element, name) => element[name], name),
    shows: (id, text) =>
      until(async () => (await popup.text(id)).includes(text), `${id}: ${text}`).catch(
        async ({ message }) => {
          throw new Error(`${message}; but ${await popup.text(id)} ${await popup.text("error")}`);
        },
      ),
    /** Clicks an element, also one outside of the viewport. */
    click: (id) => page.$eval(`#${id}`, (element) => element.click()),
    async write(id, text) {
      await page.$eval(`#${id}`, (element, text) => Object.assign(element, { value: text }), text);
    },
    async select(service) {
      await page.select("#service", service);
      await until(async () => (await popup.property("service", "value")) === service, service);
    },
    async upload(file) {
      await (await page.$("#file")).uploadFile(file);
    },
    async choose(file) {
      await popup.upload(file);
      const { size } = await stat(file);
      await popup.shows("size", `${size.toLocaleString("en")} bytes`);
    },
    async save({ clientKey = "", baseUrl, remember = false }) {
      await popup.write("key", clientKey);
      if (baseUrl !== undefined) await popup.write("base-url", baseUrl);
      if ((await popup.property("remember", "checked")) !== remember) await popup.click("remember");
      await popup.write("balance", "");
      await popup.click("save");
    },
    stored: (area) => page.evaluate((area) => chrome.storage[area].get(), area),
    /** The accounts in the extension's database. */
    remembered: () =>
      page.evaluate(async () => {
        const done = (request) =>
          new Promise((resolve, reject) =>
            Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject }),
          );
        const database = await done(indexedDB.open("accounts", 1));
        const store = database.transaction("accounts").objectStore("accounts");
        const all = await done(store.getAll());
        database.close();
        return all;
      }),
  };
  return popup;
}
