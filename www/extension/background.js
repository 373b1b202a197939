// The background worker. Only it has the keys and talks to the services. It writes the state of a job to
// `storage.session`. There the popup sees it whenever it is open, and so does the next worker after this one
// is stopped.

import { Client } from "capwire";
import ru from "capwire/ru";
import { answer, packed, text } from "./messages.js";

const { local, session } = chrome.storage;

// Content scripts can read storage.local unless its access is restricted. Firefox can't restrict it, but this
// extension has no content script that reads it.
const restricted = local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

const TASK_TYPE = "ImageToTextTask";

/** How long a user can be expected to wait for the text. */
const TIMEOUT_MS = 120_000;

const BADGES = { working: "…", solved: "✓", failed: "!", stopped: "" };

// --- Accounts: one per service, so that a key is never sent to the other service.

async function chosenService() {
  const { service = "capmonster" } = await local.get("service");
  return service;
}

async function accountOf(service) {
  const [saved, temporary] = await Promise.all([local.get(service), session.get(service)]);
  const remember = saved[service] !== undefined;
  return { ...(saved[service] ?? temporary[service]), remember };
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
    await update({ state: "solved", text: solution.text });
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
    const image = await readImage();
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

answer({
  settings,

  async choose({ service }) {
    await local.set({ service });
    return settings();
  },

  async save({ service, clientKey, baseUrl, remember }) {
    const account = { baseUrl, clientKey: clientKey || (await accountOf(service)).clientKey };
    if (!account.clientKey) throw new Error(text("needKey"));
    // Unusable settings are rejected here and not saved.
    await clientOf(service, account).ready();
    await restricted;
    const [store, other] = remember ? [local, session] : [session, local];
    await store.set({ [service]: account });
    await other.remove(service);
    return settings();
  },

  async forget({ service }) {
    await Promise.all([local.remove(service), session.remove(service)]);
    return settings();
  },

  async balance({ service }) {
    const client = await openClient(service);
    return client.getBalance();
  },

  solve: ({ image }) => begin(() => image),

  async stop() {
    await restored;
    controller?.abort();
  },

  /** Answers once no job is running. */
  async follow() {
    await restored;
    await work;
  },
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
  const target = { tabId: tab.id, frameIds: [frameId ?? 0] };
  await begin(async () => {
    const script = { target, func: readInPage, args: [srcUrl] };
    const [{ result } = {}] = await chrome.scripting.executeScript(script).catch(() => []);
    if (!result) throw new Error(text("unreadable"));
    return result;
  }).catch(() => {}); // another job is running, and the popup shows it
});

/**
 * Returns the image at an address as a `data:` URL. This function runs in the page, so it can't use anything
 * outside itself.
 *
 * Requesting the image from the server again may return a different captcha from the one the user sees.
 */
async function readInPage(address) {
  const fetched = async (init) => {
    const response = await fetch(address, init);
    if (!response.ok) throw new Error(response.statusText);
    const reader = new FileReader();
    reader.readAsDataURL(await response.blob());
    await new Promise((resolve, reject) =>
      Object.assign(reader, { onload: resolve, onerror: reject }),
    );
    return reader.result;
  };
  const attempts = [
    // The exact bytes that the browser displayed.
    () => fetched({ cache: "only-if-cached", mode: "same-origin" }),
    // The displayed image, encoded again. The browser refuses this for images from other sites.
    () => {
      const matches = ({ currentSrc, naturalWidth }) => currentSrc === address && naturalWidth > 0;
      const image = [...document.images].find(matches);
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext("2d").drawImage(image, 0, 0);
      return canvas.toDataURL();
    },
    () => fetched({ cache: "force-cache" }),
  ];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch {
      // Try the next one.
    }
  }
}
