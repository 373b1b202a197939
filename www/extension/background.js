// The background worker. Only it has the keys and talks to the services. It writes the state of a job to
// `storage.session`. There the popup sees it whenever it is open, and so does the next worker after this one
// is stopped.

import { Client } from "capwire";
import ru from "capwire/ru";
import { accountOf, forgetAccount, SERVICES, saveAccount } from "./accounts.js";
import { answer, packed, plain, text } from "./messages.js";

const { local, session } = chrome.storage;

// Content scripts have nothing to look for here, although no key is in it. Firefox can't restrict it.
local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

const TASK_TYPE = "ImageToTextTask";

/** How long a user can be expected to wait for the text. */
const TIMEOUT_MS = 120_000;

/** How long a page may take to give its image. A page can keep its thread busy for ever. */
const PAGE_TIMEOUT_MS = 15_000;

/** A `data:` URL of more characters is an image that is too large for every service. */
const MAX_URL_LENGTH = 1_000_000;

const BADGES = { working: "…", solved: "✓", failed: "!", stopped: "" };

// --- The account in use.

async function chosenService() {
  const { service } = await local.get("service");
  return SERVICES.includes(service) ? service : SERVICES[0];
}

const clientOf = (service, { clientKey, baseUrl }) =>
  new Client({
    service,
    clientKey,
    // If the field is empty, use the service's own address.
    ...(baseUrl && { baseUrl }),
    ...(text("language") === "ru" && { messages: ru }),
    keepAlive: true,
  });

async function openClient(service) {
  const account = await accountOf(service);
  if (!account.clientKey) throw new Error(text("needKey"));
  return clientOf(service, account);
}

/** The settings for the popup: everything except the key. */
async function settings() {
  const service = await chosenService();
  const { clientKey, ...account } = await accountOf(service);
  // Reading the limits takes a client, and a client must have a key. Any will do.
  const { imageLimits } = await clientOf(service, { ...account, clientKey: "none" }).ready();
  return { ...account, service, imageLimits, hasKey: Boolean(clientKey) };
}

// --- The job. There is one at a time. Its states are working, solved, failed and stopped.

let job;
let controller;
let work;

async function update(change) {
  job = { ...job, ...change };
  if (change.state) await chrome.action.setBadgeText({ text: BADGES[change.state] });
  await session.set({ job });
}

function onProgress(event) {
  // From here on the task may cost money, and the next worker could resume it.
  if (event.type === "created") update({ taskId: event.taskId });
  if (event.type === "poll") update({ polls: event.poll });
}

async function run(call) {
  controller = new AbortController();
  const { signal } = controller;
  try {
    const client = await openClient(job.service);
    const { solution } = await call(client, { signal, timeoutMs: TIMEOUT_MS, onProgress });
    await update({ state: "solved", text: plain(solution.text) });
  } catch (error) {
    await update(
      signal.aborted ? { state: "stopped" } : { state: "failed", failure: packed(error) },
    );
  }
}

async function begin(readImage) {
  await restored;
  const service = await chosenService();
  if (job?.state === "working") throw new Error(text("busy"));
  job = { service };
  const updated = update({ state: "working" });
  await session.remove("image");
  await updated;
  work = run(async (client, options) => {
    const image = await readImage(client, options.signal);
    // For the popup to show. An image too large for this store is also too large for the service.
    session.set({ image }).catch(() => {});
    return client.solve({ type: TASK_TYPE, body: image }, options);
  });
}

/** Resumes the job of a worker that was stopped. */
async function resume() {
  ({ job } = await session.get("job"));
  if (job?.state !== "working") return;
  const { taskId } = job;
  if (taskId === undefined) {
    // The service may already have the image, so sending it again could buy it twice.
    await update({ state: "failed", failure: packed(new Error(text("interrupted"))) });
  } else {
    work = run((client, options) => client.waitForResult(taskId, { ...options, type: TASK_TYPE }));
  }
}

const restored = resume();

// --- Requests from the popup.

const isText = (value) => typeof value === "string" && value.length <= 10_000;
const isService = (value) => SERVICES.includes(value);
const isImage = (value) =>
  typeof value === "string" && value.length <= MAX_URL_LENGTH && value.startsWith("data:image/");
const isFlag = (value) => typeof value === "boolean";
const OF_SERVICE = { service: isService };

answer({
  settings: [{}, settings],

  choose: [
    OF_SERVICE,
    async ({ service }) => {
      await local.set({ service });
      return settings();
    },
  ],

  save: [
    { service: isService, clientKey: isText, baseUrl: isText, remember: isFlag },
    async ({ service, clientKey, baseUrl, remember }) => {
      const account = { baseUrl, clientKey: clientKey || (await accountOf(service)).clientKey };
      if (!account.clientKey) throw new Error(text("needKey"));
      // Unusable settings are rejected here and not saved.
      await clientOf(service, account).ready();
      await saveAccount(service, account, remember);
      return settings();
    },
  ],

  forget: [
    OF_SERVICE,
    async ({ service }) => {
      await forgetAccount(service);
      return settings();
    },
  ],

  balance: [OF_SERVICE, async ({ service }) => (await openClient(service)).getBalance()],

  solve: [{ image: isImage }, ({ image }) => begin(() => image)],

  stop: [
    {},
    async () => {
      await restored;
      controller?.abort();
    },
  ],

  /** Answers once no job is running. */
  follow: [
    {},
    async () => {
      await restored;
      await work;
    },
  ],
});

// --- The context menu.

chrome.runtime.onInstalled.addListener(() => {
  chrome.contextMenus.create({
    id: "read",
    title: text("menu"),
    contexts: ["image"],
    documentUrlPatterns: ["*://*/*"], // not in the popup
  });
});

chrome.contextMenus.onClicked.addListener(async ({ srcUrl, frameId }, tab) => {
  // Shows the progress if the browser allows it; otherwise there is the badge.
  chrome.action.openPopup?.().catch(() => {});
  const readImage = async (client, signal) => {
    const { imageLimits } = await client.ready();
    const target = { tabId: tab?.id, frameIds: [frameId ?? 0] };
    return imageOf(target, srcUrl, imageLimits.maxBytes, signal);
  };
  await begin(readImage).catch(() => {}); // another job is running, and the popup shows it
});

/** Asks a page for one of its images. The page is not trusted: neither its answer, nor that there will be one. */
async function imageOf(target, address, maxBytes, signal) {
  const isReadable = /^(https?|data|blob):/.test(address) && address.length <= MAX_URL_LENGTH;
  if (!isReadable) throw new Error(text("unreadable"));
  const script = { target, func: readInPage, args: [address, maxBytes] };
  const asked = (async () => chrome.scripting.executeScript(script))();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)]);
  const late = new Promise((resolve) => {
    if (limit.aborted) resolve();
    limit.addEventListener("abort", () => resolve());
  });
  const [{ result } = {}] = (await Promise.race([asked.catch(() => {}), late])) ?? [];
  if (result === "too large") throw new Error(text("imageTooLarge"));
  if (!isImage(result)) throw new Error(text("unreadable"));
  return result;
}

/**
 * Returns the image at an address as a `data:` URL, or "too large" if it has more bytes than that. This function runs
 * in the page, so it can't use anything outside itself.
 *
 * Requesting the image from the server again may return a different captcha from the one the user sees.
 */
async function readInPage(address, maxBytes = 500_000) {
  /** How the formats begin that services read. What the server says of the type is not looked at: it may be wrong. */
  const formats = {
    "image/png": /^\x89PNG\r\n/,
    "image/jpeg": /^\xff\xd8\xff/,
    "image/gif": /^GIF8/,
    "image/webp": /^RIFF.{4}WEBP/s,
    "image/bmp": /^BM.{4}\0{4}/s,
  };
  const tooLarge = new RangeError("too large");
  const bytesOf = async (body) => {
    const reader = body.getReader();
    const parts = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      parts.push(value);
      size += value.byteLength;
      if (size > maxBytes) {
        reader.cancel().catch(() => {});
        throw tooLarge;
      }
    }
  };
  const fetched = async (init) => {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(response.statusText);
    const blob = response.body ? await bytesOf(response.body) : await response.blob();
    if (blob.size > maxBytes) throw tooLarge;
    const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, 12).arrayBuffer()));
    const type = Object.keys(formats).find((format) => formats[format].test(start));
    if (type === undefined) throw new TypeError("this is no such image");
    const reader = new FileReader();
    reader.readAsDataURL(new Blob([blob], { type }));
    await new Promise((resolve, reject) =>
      Object.assign(reader, { onload: resolve, onerror: reject }),
    );
    return reader.result;
  };
  const shown = [...document.images].find(({ currentSrc }) => currentSrc === address);
  const { naturalWidth: width = 0, naturalHeight: height = 0 } = shown ?? {};
  // A point that counts visitors has no text. To request it again would only tell its server of this one.
  if (shown?.complete && width * height > 0 && width * height < 64) return undefined;
  const attempts = [
    // The exact bytes that the browser displayed.
    () => fetched({ cache: "only-if-cached", mode: "same-origin" }),
    // The displayed image, encoded again. The browser refuses this for images from other sites.
    () => {
      if (width * height > 16_000_000) throw tooLarge;
      if (width * height === 0) throw new TypeError("it is not displayed");
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      canvas.getContext("2d").drawImage(shown, 0, 0);
      const drawn = canvas.toDataURL();
      if (drawn.length > maxBytes * 1.34 + 30) throw tooLarge;
      return drawn;
    },
    () => fetched({ cache: "force-cache" }),
  ];
  let isTooLarge = false;
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      isTooLarge ||= error === tooLarge;
      // Try the next one.
    }
  }
  return isTooLarge ? "too large" : undefined;
}
