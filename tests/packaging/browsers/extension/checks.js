// The checks of the extension. Each begins with empty stores and a sandbox without a history.

import { deepEqual } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { KEY, WRONG_KEY } from "../../../node/helpers/sandbox.js";
import { HOSTILE } from "./hostile.js";
import { blank } from "./images.js";
import { openPopup } from "./popup.js";
import { until } from "./until.js";

export const CHECKS = {
  /** By the linter of Firefox's add-on site, which accepts the build for Firefox only. */
  async lint({ exec, forFirefox }) {
    const args = ["lint", "--source-dir", forFirefox, "--output", "json"];
    const { errors, notices, warnings } = JSON.parse(
      await exec("web-ext", args, { NO_UPDATE_NOTIFIER: "1" }),
    );
    const codes = [...errors, ...notices, ...warnings].map(({ code }) => code);
    deepEqual(codes, []);
  },

  async key({ open, sandbox }) {
    const popup = await open({});
    deepEqual(await popup.text("key-state"), "No key yet");
    deepEqual(await popup.property("key", "type"), "password");
    await popup.save({ clientKey: KEY, baseUrl: sandbox.url() });
    await popup.shows("balance", "10");
    deepEqual(await popup.text("error"), "");
    deepEqual(await popup.text("key-state"), "The key is kept until the browser is closed");
    deepEqual(await popup.stored("local"), {});
    deepEqual(await popup.stored("session"), {
      capmonster: { baseUrl: sandbox.url(), clientKey: KEY },
    });
    // It does not come back, either in the field or in a message.
    deepEqual(await popup.property("key", "value"), "");
    const settings = await popup.page.evaluate(() =>
      chrome.runtime.sendMessage({ type: "settings" }),
    );
    deepEqual(settings.value.hasKey, true);
    deepEqual(JSON.stringify(settings).includes(KEY), false);

    await popup.click("show");
    deepEqual(await popup.property("key", "type"), "text");
    deepEqual(await popup.property("show", "ariaPressed"), "true");

    // It belongs to this service, and is never sent to the other one.
    await popup.select("brocapgpt");
    await popup.shows("key-state", "No key yet");
    deepEqual(await popup.property("check", "disabled"), true);
    deepEqual((await sandbox.requests()).length, 1);
  },

  async "remember and forget"({ open, sandbox, account }) {
    const popup = await open(account);
    await popup.save({ remember: true });
    await popup.shows("key-state", "The key is kept on this computer");
    deepEqual(await popup.remembered(), [account.capmonster]);
    deepEqual([await popup.stored("local"), await popup.stored("session")], [{}, {}]);
    await popup.save({ remember: false });
    await popup.shows("key-state", "The key is kept until the browser is closed");
    deepEqual(await popup.remembered(), []);
    await popup.click("forget");
    await popup.shows("key-state", "No key yet");
    deepEqual(await popup.stored("session"), {});
    await popup.save({ baseUrl: sandbox.url() });
    await popup.shows("error", "Enter the key of your account at this service first.");
    deepEqual(await popup.stored("session"), {});
  },

  async "wrong key"({ open, sandbox }) {
    const popup = await open({});
    await popup.save({ clientKey: WRONG_KEY, baseUrl: sandbox.url() });
    await popup.shows("error", "The service does not know this client key");
    await popup.shows("error", "Copy the key again from ");
    await popup.shows("error", "KeyError: ERROR_KEY_DOES_NOT_EXIST");
    deepEqual(await popup.property("key", "ariaInvalid"), "true");
    deepEqual(await popup.page.evaluate(() => document.activeElement.id), "key");
  },

  async "wrong address"({ open }) {
    const popup = await open({});
    await popup.save({ clientKey: KEY, baseUrl: "http://service.example" });
    await popup.shows("error", "OptionsError: INVALID_OPTIONS");
    deepEqual(await popup.stored("session"), {});
  },

  async sizes({ open, sandbox, project, account }) {
    const popup = await open(account);
    const checkSize = async (size, message, fits) => {
      await popup.choose(await blank(project, size));
      await popup.shows("size", message);
      deepEqual(await popup.property("size", "className"), fits ? "good" : "bad");
      deepEqual(await popup.property("read", "disabled"), !fits);
    };
    await checkSize(99, "99 bytes: too small. The service takes 100 to 500,000 bytes.", false);
    await checkSize(100, "100 bytes.", true);
    await checkSize(500_001, "500,001 bytes: too large.", false);
    await checkSize(50_001, "50,001 bytes.", true);
    await popup.select("brocapgpt");
    await popup.shows("size", "50,001 bytes: too large. The service takes 100 to 50,000 bytes.");
    deepEqual(await popup.property("size", "className"), "bad");
    deepEqual(await popup.property("read", "disabled"), true);
    await popup.upload(import.meta.filename);
    await popup.shows("error", "This file is not an image.");
    deepEqual(await sandbox.requests(), []);
  },

  async solve({ open, captcha, account }) {
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("text", captcha.text);
    await popup.click("check");
    await popup.shows("balance", "9.9997");
  },

  async "paste and drop"({ open, captcha, account }) {
    const popup = await open(account);
    // The events that the browser sends, with a file that is made here.
    const give = (type, carrier, size) =>
      popup.page.evaluate(
        (type, carrier, size) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(size)], "it.png", { type: "image/png" }));
          const event = new Event(type, { bubbles: true, cancelable: true });
          return document.body.dispatchEvent(Object.assign(event, { [carrier]: data }));
        },
        type,
        carrier,
        size,
      );
    await give("paste", "clipboardData", 321);
    await popup.shows("size", "321 bytes.");
    // Cancelled: otherwise the browser would open the file in place of the page.
    deepEqual(await give("dragover", "dataTransfer", 1), false);
    deepEqual(await give("drop", "dataTransfer", 432), false);
    await popup.shows("size", "432 bytes.");
    deepEqual(await popup.property("read", "disabled"), false);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("text", captcha.text);
  },

  /** Everything can be done without a mouse, and the focus is never lost. */
  async keyboard({ open, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 1_000 });
    const popup = await open(account);
    const focused = () => popup.page.evaluate(() => document.activeElement.id);
    await popup.choose(captcha.file);
    await popup.shows("size", " bytes. ");
    const path = [];
    while (path.at(-1) !== "read" && path.length < 10) {
      await popup.page.keyboard.press("Tab");
      path.push(await focused());
    }
    deepEqual(path, ["open-tab", "service", "key-state", "check", "choose", "read"]);
    await popup.page.keyboard.press("Enter");
    await until(async () => (await focused()) === "stop", "the focus is on Stop");
    await popup.shows("text", captcha.text);
    deepEqual(await focused(), "copy");
    await popup.page.keyboard.press("Enter");
    await popup.shows("copy", "Copied");
    // The copied text can be pasted.
    await popup.page.focus("#service");
    await popup.page.keyboard.press("Tab");
    await popup.page.keyboard.press("Enter");
    await popup.page.keyboard.press("Tab");
    deepEqual(await focused(), "key");
    await popup.page.keyboard.down("Control");
    await popup.page.keyboard.press("KeyV", { commands: ["Paste"] });
    await popup.page.keyboard.up("Control");
    deepEqual(await popup.property("key", "value"), captcha.text);
  },

  async "names of the controls"({ open, account }) {
    const popup = await open(account);
    const nameless = await popup.page.$$eval(
      "button, input:not([hidden]), select, summary, a, img",
      (all) =>
        all
          .filter((control) => {
            const [label] = control.labels ?? [];
            return !(label?.textContent || control.textContent || control.alt)?.trim();
          })
          .map(({ outerHTML }) => outerHTML),
    );
    deepEqual(nameless, []);
    deepEqual(
      await popup.page.$eval("html", ({ innerHTML }) => innerHTML.includes("__MSG_")),
      false,
    );
  },

  async unsolvable({ open, project, account }) {
    const popup = await open(account);
    await popup.choose(await blank(project, 200));
    await popup.click("read");
    await popup.shows("error", "UnsolvableError: ERROR_CAPTCHA_UNSOLVABLE");
    await popup.shows("error", "Try another captcha");
    deepEqual(await popup.text("status"), "The text could not be read.");
  },

  async stop({ open, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 60_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("status", "The service is reading…");
    // One image at a time, also if the popup is open twice.
    const other = await popup.page.evaluate(() =>
      chrome.runtime.sendMessage({ type: "solve", image: document.getElementById("preview").src }),
    );
    deepEqual(other, { failure: { message: "Another image is still being read." } });
    deepEqual((await sandbox.requests("createTask")).length, 1);
    await popup.click("stop");
    await popup.shows("status", "Stopped.");
    deepEqual(await popup.text("error"), "");
    const { length } = await sandbox.requests();
    await sleep(2_500);
    deepEqual((await sandbox.requests()).length, length);
  },

  async "popup reopened"({ open, reopen, badge, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 4_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("status", "The service is reading…");
    await popup.close();

    const again = await reopen();
    deepEqual(await again.text("status"), "The service is reading…");
    deepEqual(await again.property("stop", "disabled"), false);
    await again.shows("size", `${captcha.bytes.length.toLocaleString("en")} bytes`);
    await again.close();

    await until(async () => (await badge()) === "✓", "the badge says that it is read");
    const later = await reopen();
    deepEqual(await later.text("text"), captcha.text);
    await until(async () => (await badge()) === "", "it has been seen");
    deepEqual((await sandbox.requests("createTask")).length, 1);
  },

  async "worker ended"({ open, endWorker, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 5_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    const polls = () => sandbox.requests("getTaskResult");
    await until(async () => (await polls()).length > 0, "its result is asked for");
    await endWorker(popup);
    await popup.shows("text", captcha.text);
    deepEqual((await sandbox.requests("createTask")).length, 1);
    deepEqual(new Set((await polls()).map(({ body }) => body.taskId)).size, 1);
  },

  async "worker ended before the answer"({ open, endWorker, sandbox, captcha, account }) {
    await sandbox.script({ method: "createTask", delayMs: 60_000, reply: { kind: "rules" } });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    const created = async () => (await sandbox.requests("createTask")).length;
    await until(async () => (await created()) > 0, "it is sent");
    await endWorker(popup);
    await popup.shows("error", "this image may have been paid for");
    await sleep(2_500);
    deepEqual(await created(), 1);
  },

  /** The image on the screen is read: another request for it would get another one. */
  async "context menu"({ read, account }) {
    const { popup, site } = await read(account, { cacheControl: "max-age=60" });
    await popup.shows("text", site.texts[0]);
    deepEqual(site.requests, 1);
  },

  async "context menu, image that is not cached"({ read, sandbox, account }) {
    const solved = { errorId: 0, status: "ready", solution: { text: "as drawn" } };
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body: solved } });
    const { popup, site } = await read(account, { cacheControl: "no-store" });
    await popup.shows("text", "as drawn");
    deepEqual(site.requests, 1);
  },

  async "context menu, image of another site"({ read, sandbox, account }) {
    const { popup } = await read(account, { cacheControl: "no-store", path: "other" });
    await popup.shows("error", "The page does not allow this image to be read.");
    deepEqual(await sandbox.requests(), []);
  },

  async "context menu without a key"({ read, sandbox }) {
    const { popup } = await read({}, { cacheControl: "max-age=60" });
    await popup.shows("error", "Enter the key of your account at this service first.");
    deepEqual(await sandbox.requests(), []);
  },

  ...HOSTILE,

  // The rest install changed copies of the extension in its place.

  async "no wasm file"({ browser, install, withoutWasm }) {
    const popup = await openPopup(browser, await install(withoutWasm));
    await popup.shows("error", "InternalError: INTERNAL");
    await popup.close();
  },

  async Russian({ browser, install, russian, project, sandbox }) {
    const popup = await openPopup(browser, await install(russian));
    deepEqual(await popup.property("key-state", "textContent"), "Ключа пока нет");
    deepEqual(await popup.page.$eval("html", ({ lang }) => lang), "ru");
    await popup.shows("size", "Сервис принимает от 100 до 500\u00a0000 байт.");
    for (const [size, text] of [
      [99, "99 байт — слишком мало."],
      [102, "102 байта."],
    ]) {
      await popup.upload(await blank(project, size));
      await popup.shows("size", text);
    }
    await popup.save({ clientKey: WRONG_KEY, baseUrl: sandbox.url() });
    await popup.shows("error", "Сервис не знает такого ключа");
    await popup.shows("error", "Скопируйте ключ из личного кабинета ");
    await popup.shows("error", "KeyError: ERROR_KEY_DOES_NOT_EXIST");
  },
};
