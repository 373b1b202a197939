// Pages, messages, other extensions and servers that mean no good.

import { deepEqual } from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY } from "../../../node/helpers/sandbox.js";

const UNREADABLE = "The page does not allow this image to be read.";
const SOLVED = { errorId: 0, status: "ready", solution: { text: "as drawn" } };

/** The service takes any picture for one that says "as drawn". */
const solveAll = (sandbox) =>
  sandbox.script({ method: "getTaskResult", reply: { kind: "json", body: SOLVED } });

/** Each kind of image, where it comes from, and what becomes of it. */
const IMAGES = {
  "image of another site that allows it": { path: "allowed/png", cacheControl: "max-age=60" },
  "image with a wrong type": { path: "mislabelled", cacheControl: "max-age=60" },
  "drawing (SVG)": { path: "svg", cacheControl: "max-age=60" },
  "image in a data: URL": { path: "data", cacheControl: "max-age=60" },
  "image that never ends": { path: "endless", cacheControl: "no-store" },
  "image that is shorter than it says": { path: "unfinished", cacheControl: "no-store" },
  "image whose session has ended": { path: "allowed/expired", refused: UNREADABLE },
  "drawing of another site": { path: "other/svg", refused: UNREADABLE },
  "image of 20 MB": { path: "huge", cacheControl: "max-age=60" },
  "image of 20 MB of another site": {
    path: "allowed/huge",
    refused: "This image is larger than the service takes.",
  },
  // It is not even requested again, which its server would count.
  "point of another site": { path: "allowed/point", refused: UNREADABLE, requests: 1 },
};

const images = Object.entries(IMAGES).map(([name, { refused, requests, ...where }]) => [
  `context menu, ${name}`,
  async ({ read, sandbox, account }) => {
    await solveAll(sandbox);
    const { popup, site } = await read(account, { cacheControl: "no-store", ...where });
    if (refused) await popup.shows("error", refused);
    else await popup.shows("text", "as drawn");
    deepEqual((await sandbox.requests("createTask")).length, refused ? 0 : 1);
    if (requests) deepEqual(site.requests, requests);
  },
]);

/** What a page could know of this extension: the kinds of its messages. */
const MESSAGES = [
  { type: "settings" },
  { type: "balance", service: "capmonster" },
  { type: "save", service: "capmonster", clientKey: "x", baseUrl: "", remember: true },
  { type: "forget", service: "capmonster" },
  { type: "solve", image: "data:image/png;base64,AAAA" },
  { type: "stop" },
  { type: "follow" },
];

/** What not even a page of the extension may send. */
const MALFORMED = [
  null,
  5,
  "settings",
  [],
  {},
  { type: null },
  { type: "toString" },
  { type: "__proto__" },
  JSON.parse('{ "__proto__": { "type": "settings" } }'),
  { type: "constructor" },
  { type: "choose", service: "job" },
  { type: "choose", service: { toString: "capmonster" } },
  { type: "balance", service: "__proto__" },
  { type: "save", service: "image", clientKey: "x", baseUrl: "", remember: true },
  { type: "save", service: "capmonster", clientKey: 5, baseUrl: "", remember: true },
  { type: "save", service: "capmonster", clientKey: "x", baseUrl: null, remember: "yes" },
  { type: "solve" },
  { type: "solve", image: 5 },
  { type: "solve", image: "https://a.example/it.png" },
  { type: "solve", image: "data:text/html;base64,AAAA" },
  { type: "solve", image: `data:image/png;base64,${"A".repeat(2_000_000)}` },
];

/** The manifest and the page of an extension that attacks this one. */
const OTHER = {
  "manifest.json": JSON.stringify({
    manifest_version: 3,
    name: "Another extension",
    version: "1.0",
    browser_specific_settings: { gecko: { id: "other@capwire.example" } },
  }),
  "page.html": "<!doctype html><title>Another extension</title>",
};

export const HOSTILE = {
  ...Object.fromEntries(images),

  /** Its thread is busy for longer than the extension waits. */
  async "context menu, page that does not answer"({ read, sandbox, account, needsPageForMenu }) {
    const before = (tab) =>
      tab.evaluate((needsPageForMenu) => {
        const work = () => {
          for (const end = Date.now() + 20_000; Date.now() < end; );
        };
        if (needsPageForMenu) document.addEventListener("contextmenu", () => setTimeout(work, 50));
        else setTimeout(work);
      }, needsPageForMenu);
    const { popup } = await read(account, { cacheControl: "no-store", path: "endless", before });
    await popup.shows("error", UNREADABLE);
    deepEqual(await sandbox.requests("createTask"), []);
  },

  /** A script that the extension puts into a page shares its process with that page. */
  async "content scripts see no key"({ read, sandbox, account }) {
    const { popup, site } = await read(account, { cacheControl: "max-age=60" });
    await popup.save({ remember: true });
    await popup.shows("key-state", "The key is kept on this computer");
    const requests = (await sandbox.requests()).length;
    const seen = await popup.page.evaluate(
      async (origin, messages) => {
        const all = await chrome.tabs.query({});
        const { id } = all.find(({ url }) => url?.startsWith(origin));
        const look = async (messages) => {
          const get = async (area) => JSON.stringify(await chrome.storage[area].get());
          const refused = () => "refused";
          const ask = (message) => chrome.runtime.sendMessage(message).catch(() => undefined);
          const databases = await indexedDB.databases();
          return {
            session: await get("session").catch(refused),
            local: await get("local").catch(refused),
            databases: databases.map(({ name }) => name),
            answers: (await Promise.all(messages.map(ask))).filter((it) => it),
          };
        };
        const script = { target: { tabId: id }, func: look, args: [messages] };
        const [{ result }] = await chrome.scripting.executeScript(script);
        return result;
      },
      site.origin,
      MESSAGES,
    );
    deepEqual(JSON.stringify(seen).includes(KEY), false);
    deepEqual([seen.session, seen.databases, seen.answers], ["refused", [], []]);
    deepEqual((await sandbox.requests()).length, requests);
    deepEqual(await popup.remembered(), [account.capmonster]);
  },

  async "messages of another form"({ open, sandbox, account }) {
    const popup = await open(account);
    const stores = async () => [await popup.stored("local"), await popup.stored("session")];
    const before = await stores();
    const answers = await popup.page.evaluate(async (messages) => {
      const ask = (message) => chrome.runtime.sendMessage(message).catch(() => undefined);
      return (await Promise.all(JSON.parse(messages).map(ask))).filter((it) => it);
    }, JSON.stringify(MALFORMED));
    deepEqual(answers, []);
    deepEqual(await stores(), before);
    deepEqual(await sandbox.requests(), []);
    // It still answers the others.
    await popup.click("check");
    await popup.shows("balance", "10");
  },

  async "messages of another extension"({
    browser,
    open,
    origin,
    originOf,
    project,
    sandbox,
    account,
  }) {
    const popup = await open(account);
    const folder = join(project, "other-extension");
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(OTHER)) await writeFile(join(folder, name), text);
    const other = originOf(await browser.installExtension(folder));
    const id = await popup.page.evaluate(() => chrome.runtime.id);
    const page = await browser.newPage();
    page.goto(`${other}/page.html`).catch(() => {});
    await page.waitForFunction(() => globalThis.chrome?.runtime?.id !== undefined);
    const answers = await page.evaluate(
      async (id, origin, messages) => {
        const ask = (message) => chrome.runtime.sendMessage(id, message).catch(() => undefined);
        const answers = (await Promise.all(messages.map(ask))).filter((it) => it);
        // Nor can it read the extension's files, by which pages recognise an extension.
        const read = await fetch(`${origin}/popup.html`).then(
          () => "read",
          () => "refused",
        );
        return [answers, read];
      },
      id,
      origin,
      MESSAGES,
    );
    await page.close();
    deepEqual(answers, [[], "refused"]);
    deepEqual(await sandbox.requests(), []);
    deepEqual(await popup.stored("session"), account);
  },

  async "text of a server"({ open, sandbox, captcha, account }) {
    const text = '<img src=x onerror="document.title = 1">\u0000\u001b[2J\u202ebc\n\u2028d';
    const solution = { errorId: 0, status: "ready", solution: { text } };
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body: solution } });
    const popup = await open(account);
    await popup.choose(captcha.file);
    await popup.click("read");
    await popup.shows("text", "onerror");
    const shown = '<img src=x onerror="document.title = 1"> [2Jbc d';
    deepEqual(await popup.text("text"), shown);
    deepEqual(await popup.property("text", "childElementCount"), 0);

    const refusal = {
      errorId: 1,
      errorCode: "ERROR_X\u202e<b>",
      errorDescription: `${text} ${KEY}`,
    };
    await sandbox.script({ method: "createTask", reply: { kind: "json", body: refusal } });
    await popup.click("read");
    await popup.shows("error", "UnknownServiceError");
    const error = await popup.text("error");
    deepEqual([/[\p{Cc}\p{Cf}\p{Zl}]/u.test(error), error.includes(KEY)], [false, false]);
    // The message, the hint and the code.
    deepEqual(await popup.property("error", "childElementCount"), 3);
  },
};
