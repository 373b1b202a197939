// The extension sample, built of a copy of its sources with the packed package, in both browsers: driven by its
// popup, which is opened in a tab, and by the context menu of a page.

import { once } from "node:events";
import { cp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KEY, Sandbox, WRONG_KEY } from "../../../node/helpers/sandbox.js";
import { launch } from "../../browsers.js";

const SAMPLE = resolve(import.meta.dirname, "../../../../www/extension");

// --- The browsers, as far as they differ.

const GECKO_ID = "reads-my-captchas@capwire.example";
/** Firefox gives each extension another host name in each profile, unless it is told. */
const GECKO_HOST = "6f0e4a52-7d3b-4c1e-9a68-2b5c8d1f3e70";

const BROWSERS = {
  chromium: {
    options: {
      pipe: true,
      enableExtensions: true,
      // A debugger would keep the worker alive, and puppeteer attaches one to all that it may see.
      targetFilter: (target) => target.type() !== "service_worker",
    },

    originOf: (id) => `chrome-extension://${id}`,

    /** Of `storage.local`: content scripts can read it in a browser that cannot shut them out. */
    canShutStore: true,

    /** Ends the worker as the browser does: at once, whatever it is at. */
    async endWorker({ page }) {
      const session = await page.createCDPSession();
      const stopped = new Promise((resolve) =>
        session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
          if (versions.some(({ runningStatus }) => runningStatus === "stopped")) resolve();
        }),
      );
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      await stopped;
      await session.detach();
    },

    /**
     * The menu is the system's, which no headless browser shows. So a click on the extension's button gives
     * it the tab, as the menu's would, and its worker is told of the click on the menu.
     */
    async readByMenu({ browser, id, tab, image }) {
      const session = await browser.target().createCDPSession();
      const targetsOf = async (type) => {
        const { targetInfos } = await session.send("Target.getTargets", { filter: [{ type }] });
        return targetInfos;
      };
      const { targetId } = (await targetsOf("tab")).find(({ url }) => url === tab.url());
      await session.send("Extensions.triggerAction", { id, targetId });
      let target;
      await until(async () => {
        const workers = await targetsOf("service_worker");
        target = workers.find(({ url }) => new URL(url).host === id);
        return target !== undefined;
      }, "the worker is there");
      const { sessionId } = await session.send("Target.attachToTarget", {
        targetId: target.targetId,
        flatten: true,
      });
      const worker = session.connection().session(sessionId);
      // It sees addresses of none but the tabs that it was given.
      const click = `chrome.tabs.query({}).then((tabs) => {
        const tab = tabs.find(({ url }) => url === ${JSON.stringify(tab.url())});
        if (tab) chrome.contextMenus.onClicked.dispatch({ srcUrl: ${JSON.stringify(image)}, frameId: 0 }, tab);
        return Boolean(tab);
      })`;
      const asked = { expression: click, awaitPromise: true, returnByValue: true };
      const isClicked = async () => (await worker.send("Runtime.evaluate", asked)).result.value;
      await until(isClicked, "the tab is given to the extension");
      await session.send("Target.detachFromTarget", { sessionId });
      await session.detach();
    },
  },

  firefox: {
    options: {
      // Leave to direct pages of extensions and the browser itself.
      args: ["--remote-allow-system-access"],
      extraPrefsFirefox: {
        "extensions.webextensions.uuids": JSON.stringify({ [GECKO_ID]: GECKO_HOST }),
      },
    },

    originOf: () => `moz-extension://${GECKO_HOST}`,

    canShutStore: false,

    endWorker: ({ browser }) =>
      inFirefox(
        browser,
        `WebExtensionPolicy.getByID("${GECKO_ID}").extension.terminateBackground()`,
      ),

    /** By the menu itself. */
    async readByMenu({ browser, tab }) {
      await tab.bringToFront();
      const box = await (await tab.$("img")).boundingBox();
      await tab.mouse.click(box.x + 5, box.y + 5, { button: "right" });
      const menu = `document.getElementById("contentAreaContextMenu")`;
      const item = `[...${menu}.children].find(({ label }) => label === "Read the text in this image")`;
      const isOpen = () => inFirefox(browser, `${menu}.state === "open" && Boolean(${item})`);
      await until(isOpen, "the menu is open");
      await inFirefox(browser, `${menu}.activateItem(${item})`);
    },
  },
};

/** What a script comes to in the window of Firefox itself. */
async function inFirefox(browser, expression) {
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

async function until(check, what, withinMs = 30_000) {
  const end = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(100);
  }
}

// --- The sample, built as its own README says.

let built;

async function build(project, run, name) {
  built ??= (async () => {
    await cp(SAMPLE, join(project, "sample"), { recursive: true });
    await run("node", ["sample/build.js", join(project, "built")]);
  })();
  await built;
  const folder = join(project, "built", name);
  const changed = async (kind, change) => {
    const copy = join(project, `${kind}-${name}`);
    await cp(folder, copy, { recursive: true });
    await change(copy);
    return copy;
  };
  return {
    folder,
    forFirefox: join(project, "built", "firefox"),
    // The language of a browser is that of the system; so this one knows no other.
    russian: await changed("russian", async (copy) => {
      await rm(join(copy, "_locales/en"), { recursive: true });
      const manifest = JSON.parse(await readFile(join(copy, "manifest.json"), "utf8"));
      const russian = JSON.stringify({ ...manifest, default_locale: "ru" });
      await writeFile(join(copy, "manifest.json"), russian);
    }),
    broken: await changed("broken", (copy) => rm(join(copy, "capwire.wasm"))),
  };
}

// --- The popup.

/** The popup in a tab, and what a user does and sees there. */
async function openPopup(browser, origin) {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 600 });
  // Firefox does not tell of the end of this navigation.
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
    /** A click, wherever on the page it is. */
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
  };
  return popup;
}

function equal(found, expected) {
  const [is, should] = [found, expected].map((value) => JSON.stringify(value));
  if (is !== should) throw new Error(`${is} instead of ${should}`);
}

// --- A page with images.

/** Serves a page with one image, and counts how often that is asked for: each time it is another one. */
async function serveImages(sandbox, cacheControl) {
  const site = { asked: 0, texts: [] };
  const server = createServer(async (request, response) => {
    if (request.url.endsWith(".png")) {
      const { bytes, text } = await sandbox.captcha();
      site.asked++;
      site.texts.push(text);
      response.writeHead(200, { "content-type": "image/png", "cache-control": cacheControl });
      response.end(bytes);
    } else {
      // In one site or in another: a browser that asks `localhost` does not get an image of 127.0.0.1.
      const { host } = new URL(`http://${request.headers.host}`);
      const other = host.replace("127.0.0.1", "localhost");
      const source = request.url === "/other" ? `http://${other}/it.png` : "/it.png";
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!doctype html><title>A page</title><img alt="" src="${source}">`);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return site;
}

// --- The checks.

/** A PNG of that many bytes, which shows nothing. */
async function blank(project, size) {
  const file = join(project, `${size}.png`);
  await writeFile(file, Buffer.from("\x89PNG\r\n\x1a\n".padEnd(size, "\0"), "latin1"));
  return file;
}

/** What is checked, each with stores and a stand-in that know nothing of what was before. */
const CHECKS = {
  /** Of Firefox's shop, which takes no other folder. */
  async lint({ run, forFirefox }) {
    const args = ["lint", "--source-dir", forFirefox, "--output", "json"];
    const { errors, notices, warnings } = JSON.parse(
      await run("web-ext", args, { NO_UPDATE_NOTIFIER: "1" }),
    );
    const codes = [...errors, ...notices, ...warnings].map(({ code }) => code);
    equal(codes, []);
  },

  async key({ open, sandbox }) {
    const popup = await open({});
    equal(await popup.text("key-state"), "No key yet");
    equal(await popup.property("key", "type"), "password");
    await popup.save({ clientKey: KEY, baseUrl: sandbox.url() });
    await popup.shows("balance", "10");
    equal(await popup.text("error"), "");
    equal(await popup.text("key-state"), "The key is kept until the browser is closed");
    equal(await popup.stored("local"), {});
    equal(await popup.stored("session"), {
      capmonster: { baseUrl: sandbox.url(), clientKey: KEY },
    });
    // It does not come back, neither into the field nor in a message.
    equal(await popup.property("key", "value"), "");
    const told = await popup.page.evaluate(() => chrome.runtime.sendMessage({ type: "settings" }));
    equal(told.value.hasKey, true);
    equal(JSON.stringify(told).includes(KEY), false);

    await popup.click("show");
    equal(await popup.property("key", "type"), "text");
    equal(await popup.property("show", "ariaPressed"), "true");

    // It is this service's, and never sent to the other one.
    await popup.select("brocapgpt");
    await popup.shows("key-state", "No key yet");
    equal(await popup.property("check", "disabled"), true);
    equal((await sandbox.requests()).length, 1);
  },

  async "remember and forget"({ open, sandbox, account }) {
    const popup = await open(account);
    await popup.save({ remember: true });
    await popup.shows("key-state", "The key is kept on this computer");
    equal(await popup.stored("local"), account);
    equal(await popup.stored("session"), {});
    await popup.save({ remember: false });
    await popup.shows("key-state", "The key is kept until the browser is closed");
    equal(await popup.stored("local"), {});
    await popup.click("forget");
    await popup.shows("key-state", "No key yet");
    equal(await popup.stored("session"), {});
    await popup.save({ baseUrl: sandbox.url() });
    await popup.shows("error", "Enter the key of your account at this service first.");
    equal(await popup.stored("session"), {});
  },

  async "wrong key"({ open, sandbox }) {
    const popup = await open({});
    await popup.save({ clientKey: WRONG_KEY, baseUrl: sandbox.url() });
    await popup.shows("error", "The service does not know this client key");
    await popup.shows("error", "Copy the key again from the account's dashboard.");
    await popup.shows("error", "KeyError: ERROR_KEY_DOES_NOT_EXIST");
    equal(await popup.property("key", "ariaInvalid"), "true");
    equal(await popup.page.evaluate(() => document.activeElement.id), "key");
  },

  async "wrong address"({ open }) {
    const popup = await open({});
    await popup.save({ clientKey: KEY, baseUrl: "http://service.example" });
    await popup.shows("error", "OptionsError: INVALID_OPTIONS");
    equal(await popup.stored("session"), {});
  },

  async sizes({ open, sandbox, project, account }) {
    const popup = await open(account);
    const counts = async (size, says, fits) => {
      await popup.choose(await blank(project, size));
      await popup.shows("size", says);
      equal(await popup.property("size", "className"), fits ? "good" : "bad");
      equal(await popup.property("read", "disabled"), !fits);
    };
    await counts(99, "99 bytes: too small. The service takes 100 to 500,000 bytes.", false);
    await counts(100, "100 bytes.", true);
    await counts(500_001, "500,001 bytes: too large.", false);
    await counts(50_001, "50,001 bytes.", true);
    await popup.select("brocapgpt");
    await popup.shows("size", "50,001 bytes: too large. The service takes 100 to 50,000 bytes.");
    equal(await popup.property("size", "className"), "bad");
    equal(await popup.property("read", "disabled"), true);
    await popup.upload(import.meta.filename);
    await popup.shows("error", "This file is no image.");
    equal(await sandbox.requests(), []);
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
    // As the browser tells of them, but for the file, which comes from no clipboard and no other window.
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
    // Otherwise the browser would open it instead of the page.
    equal(await give("dragover", "dataTransfer", 1), false);
    equal(await give("drop", "dataTransfer", 432), false);
    await popup.shows("size", "432 bytes.");
    equal(await popup.property("read", "disabled"), false);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("text", captcha.text);
  },

  /** Without a mouse, and the focus is never lost. */
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
    equal(path, ["open-tab", "service", "key-state", "check", "choose", "read"]);
    await popup.page.keyboard.press("Enter");
    await until(async () => (await focused()) === "stop", "the focus is on Stop");
    await popup.shows("text", captcha.text);
    equal(await focused(), "copy");
    await popup.page.keyboard.press("Enter");
    await popup.shows("copy", "Copied");
    // What was copied can be pasted.
    await popup.page.focus("#service");
    await popup.page.keyboard.press("Tab");
    await popup.page.keyboard.press("Enter");
    await popup.page.keyboard.press("Tab");
    equal(await focused(), "key");
    await popup.page.keyboard.down("Control");
    await popup.page.keyboard.press("KeyV", { commands: ["Paste"] });
    await popup.page.keyboard.up("Control");
    equal(await popup.property("key", "value"), captcha.text);
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
    equal(nameless, []);
    equal(await popup.page.$eval("html", ({ innerHTML }) => innerHTML.includes("__MSG_")), false);
  },

  async unsolvable({ open, project, account }) {
    const popup = await open(account);
    await popup.choose(await blank(project, 200));
    await popup.click("read");
    await popup.shows("error", "UnsolvableError: ERROR_CAPTCHA_UNSOLVABLE");
    await popup.shows("error", "Try another captcha");
    equal(await popup.text("status"), "It could not be read.");
  },

  async stop({ open, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 60_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("status", "The service is reading…");
    // One image at a time, also for another window of the popup.
    const other = await popup.page.evaluate(() =>
      chrome.runtime.sendMessage({ type: "solve", image: document.getElementById("preview").src }),
    );
    equal(other, { failure: { message: "Another image is still being read." } });
    equal((await sandbox.requests("createTask")).length, 1);
    await popup.click("stop");
    await popup.shows("status", "Stopped.");
    equal(await popup.text("error"), "");
    const { length } = await sandbox.requests();
    await sleep(2_500);
    equal((await sandbox.requests()).length, length);
  },

  async "popup reopened"({ open, reopen, badge, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 4_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("status", "The service is reading…");
    await popup.close();

    const again = await reopen();
    equal(await again.text("status"), "The service is reading…");
    equal(await again.property("stop", "disabled"), false);
    await again.shows("size", `${captcha.bytes.length.toLocaleString("en")} bytes`);
    await again.close();

    await until(async () => (await badge()) === "✓", "the badge says that it is read");
    const later = await reopen();
    equal(await later.text("text"), captcha.text);
    await until(async () => (await badge()) === "", "it has been seen");
    equal((await sandbox.requests("createTask")).length, 1);
  },

  async "worker ended"({ open, endWorker, sandbox, captcha, account }) {
    await sandbox.settings({ solveMs: 5_000 });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    const polls = () => sandbox.requests("getTaskResult");
    await until(async () => (await polls()).length > 0, "it is asked for");
    await endWorker(popup);
    await popup.shows("text", captcha.text);
    equal((await sandbox.requests("createTask")).length, 1);
    equal(new Set((await polls()).map(({ body }) => body.taskId)).size, 1);
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
    equal(await created(), 1);
  },

  /** The very image that is seen: another request for it would bring another one. */
  async "context menu"({ read, account }) {
    const { popup, site } = await read(account, { cacheControl: "max-age=60" });
    await popup.shows("text", site.texts[0]);
    equal(site.asked, 1);
  },

  async "context menu, image that is not kept"({ read, sandbox, account }) {
    const solved = { errorId: 0, status: "ready", solution: { text: "as drawn" } };
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body: solved } });
    const { popup, site } = await read(account, { cacheControl: "no-store" });
    await popup.shows("text", "as drawn");
    equal(site.asked, 1);
  },

  async "context menu, image of another site"({ read, sandbox, account }) {
    const { popup } = await read(account, { cacheControl: "no-store", path: "other" });
    await popup.shows("error", "The page does not let this image be read.");
    equal(await sandbox.requests(), []);
  },

  async "content scripts see no key"({ read, account, canShutStore }) {
    const { popup, site } = await read(account, { cacheControl: "max-age=60" });
    const seen = () =>
      popup.page.evaluate(async (origin) => {
        const all = await chrome.tabs.query({});
        const { id } = all.find(({ url }) => url?.startsWith(origin));
        const readStores = async () => {
          const get = async (area) => JSON.stringify(await chrome.storage[area].get());
          const refused = () => "refused";
          const balance = { type: "balance", service: "capmonster" };
          return {
            session: await get("session").catch(refused),
            local: await get("local").catch(refused),
            answer: (await chrome.runtime.sendMessage(balance).catch(() => undefined)) ?? "none",
          };
        };
        const target = { tabId: id };
        const [{ result }] = await chrome.scripting.executeScript({ target, func: readStores });
        return result;
      }, site.origin);
    const { session, answer } = await seen();
    equal({ session, answer }, { session: "refused", answer: "none" });
    await popup.save({ remember: true });
    await popup.shows("key-state", "The key is kept on this computer");
    const { local } = await seen();
    equal(local, canShutStore ? "refused" : JSON.stringify(account));
  },

  async "context menu without a key"({ read, sandbox }) {
    const { popup } = await read({}, { cacheControl: "max-age=60" });
    await popup.shows("error", "Enter the key of your account at this service first.");
    equal(await sandbox.requests(), []);
  },

  /** From here on it is no longer the sample itself that is installed. */
  async "no module"({ browser, install, broken }) {
    const popup = await openPopup(browser, await install(broken));
    await popup.shows("error", "InternalError: INTERNAL");
    await popup.close();
  },

  async Russian({ browser, install, russian, sandbox }) {
    const popup = await openPopup(browser, await install(russian));
    equal(await popup.property("key-state", "textContent"), "Ключа пока нет");
    equal(await popup.page.$eval("html", ({ lang }) => lang), "ru");
    await popup.shows("size", "Сервис принимает от 100 до 500\u00a0000 байт.");
    await popup.save({ clientKey: WRONG_KEY, baseUrl: sandbox.url() });
    await popup.shows("error", "Сервис не знает такого ключа");
    await popup.shows("error", "Скопируйте ключ из личного кабинета заново.");
    await popup.shows("error", "KeyError: ERROR_KEY_DOES_NOT_EXIST");
  },
};

/** What a check works with, besides what all have in common. */
async function toolsOf({ browser, sandbox, project, origin, ways }) {
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

  /** The popup, when nothing is kept but these accounts. */
  const open = async (accounts) => {
    const popup = await reopen();
    await popup.page.evaluate(async (accounts) => {
      await Promise.all([chrome.storage.local.clear(), chrome.storage.session.clear()]);
      await chrome.storage.session.set(accounts);
    }, accounts);
    await popup.close();
    return reopen();
  };

  /** Has the image of a page read by the context menu. */
  const read = async (accounts, { cacheControl, path = "" }) => {
    await (await open(accounts)).close();
    const site = await serveImages(sandbox, cacheControl);
    const tab = await browser.newPage();
    cleanups.push(() => tab.close(), site.stop);
    await tab.goto(`${site.origin}/${path}`);
    const before = await tab.content();
    const image = await tab.$eval("img", ({ currentSrc }) => currentSrc);
    await ways.readByMenu({ browser, id: new URL(origin).host, tab, image });
    const popup = await reopen();
    await until(async () => {
      const { job } = await popup.stored("session");
      return job !== undefined && job.state !== "working";
    }, "it is read");
    // Nothing is put into the page.
    equal(await tab.content(), before);
    return { popup, site };
  };

  /** As another page of the extension sees it. */
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
    open,
    reopen,
    read,
    endWorker: ({ page }) => ways.endWorker({ browser, page }),
    canShutStore: ways.canShutStore,
    async cleanUp() {
      for (const cleanup of cleanups) await cleanup();
    },
  };
}

async function checkAll({ project, run, name, browser, sandbox, ways }) {
  const builds = await build(project, run, name);
  const install = async (folder) => ways.originOf(await browser.installExtension(folder));
  const origin = await install(builds.folder);
  const report = {};
  for (const [check, work] of Object.entries(CHECKS)) {
    await sandbox.reset();
    await sandbox.settings({ solveMs: 0 });
    const shared = { project, run, browser, sandbox, install, ...builds };
    const { cleanUp, ...own } = await toolsOf({ ...shared, origin, ways });
    report[check] = await work({ ...shared, ...own }).then(
      () => "ok",
      (error) => error.stack,
    );
    await cleanUp();
  }
  return { version: await browser.version(), report };
}

const variant =
  (name) =>
  async ({ project, run }) => {
    const { options, ...ways } = BROWSERS[name];
    const browser = await launch(name, options);
    try {
      const sandbox = await Sandbox.start();
      try {
        return await checkAll({ project, run, name, browser, sandbox, ways });
      } finally {
        await sandbox.stop();
      }
    } finally {
      await browser.close();
    }
  };

export default {
  checks: Object.keys(CHECKS),
  variants: {
    "extension, Chromium": variant("chromium"),
    "extension, Firefox": variant("firefox"),
  },
};
