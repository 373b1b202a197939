// The background worker. It alone has the keys and speaks with the services. What becomes of a job is written
// to `storage.session`, where the popup sees it whenever it is open, and the next worker when this one is ended.

import { Client } from "capwire";
import ru from "capwire/ru";
import { answer, packed, text } from "./messages.js";

const { local, session } = chrome.storage;

// Content scripts can read this store, unless they are shut out. Firefox has no such function; nor has this
// extension a content script that does so.
const shut = local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

const TASK_TYPE = "ImageToTextTask";

/** How long somebody may be ready to wait, in ms. */
const PATIENCE_MS = 120_000;

const BADGES = { working: "…", solved: "✓", failed: "!", stopped: "" };

// --- Accounts: one for each service, so that no key is ever sent to the other one.

async function chosenService() {
  const { service = "capmonster" } = await local.get("service");
  return service;
}

async function accountOf(service) {
  const [kept, lent] = await Promise.all([local.get(service), session.get(service)]);
  const remember = kept[service] !== undefined;
  return { ...(kept[service] ?? lent[service]), remember };
}

const clientOf = (service, { clientKey, baseUrl }) =>
  new Client({
    service,
    clientKey,
    // An empty field means the service's own address.
    ...(baseUrl && { baseUrl }),
    ...(text("language") === "ru" && { messages: ru }),
    keepAlive: true,
  });

async function openClient(service) {
  const account = await accountOf(service);
  if (!account.clientKey) throw new Error(text("needKey"));
  return clientOf(service, account);
}

/** What the popup may know of the account: everything but the key. */
async function settings() {
  const service = await chosenService();
  const { clientKey, ...account } = await accountOf(service);
  // No key is needed to learn the limits, but a client is, and it wants one.
  const { imageLimits } = await clientOf(service, { ...account, clientKey: "none" }).ready();
  return { ...account, service, imageLimits, hasKey: Boolean(clientKey) };
}

// --- The job: one at a time. Its states are working, solved, failed and stopped.

let job;
let controller;
let work;

async function tell(change) {
  job = { ...job, ...change };
  if (change.state) await chrome.action.setBadgeText({ text: BADGES[change.state] });
  await session.set({ job });
}

function onProgress(event) {
  // The task is paid for: from here on the next worker could go on with it.
  if (event.type === "created") tell({ taskId: event.taskId });
  if (event.type === "poll") tell({ polls: event.poll });
}

async function run(call) {
  controller = new AbortController();
  const { signal } = controller;
  try {
    const client = await openClient(job.service);
    const { solution } = await call(client, { signal, timeoutMs: PATIENCE_MS, onProgress });
    await tell({ state: "solved", text: solution.text });
  } catch (error) {
    await tell(signal.aborted ? { state: "stopped" } : { state: "failed", failure: packed(error) });
  }
}

async function begin(readImage) {
  await restored;
  const service = await chosenService();
  if (job?.state === "working") throw new Error(text("busy"));
  job = { service };
  const told = tell({ state: "working" });
  await session.remove("image");
  await told;
  work = run(async (client, options) => {
    const image = await readImage();
    // For the popup to show; one that is too large for this store is too large for the service.
    session.set({ image }).catch(() => {});
    return client.solve({ type: TASK_TYPE, body: image }, options);
  });
}

/** Goes on with the job of a worker that was ended. */
async function resume() {
  ({ job } = await session.get("job"));
  if (job?.state !== "working") return;
  const { taskId } = job;
  if (taskId === undefined) {
    // Whether the service has taken the image is not known, and a repeat could buy it twice.
    await tell({ state: "failed", failure: packed(new Error(text("interrupted"))) });
  } else {
    work = run((client, options) => client.waitForResult(taskId, { ...options, type: TASK_TYPE }));
  }
}

const restored = resume();

// --- What the popup asks.

answer({
  settings,

  async choose({ service }) {
    await local.set({ service });
    return settings();
  },

  async save({ service, clientKey, baseUrl, remember }) {
    const account = { baseUrl, clientKey: clientKey || (await accountOf(service)).clientKey };
    if (!account.clientKey) throw new Error(text("needKey"));
    // What cannot be used is refused here, and not kept.
    await clientOf(service, account).ready();
    await shut;
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

  /** Answers when no job is under way any more. */
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
  // Shows the progress, where the browser lets us; else there is the badge.
  chrome.action.openPopup?.().catch(() => {});
  const target = { tabId: tab.id, frameIds: [frameId ?? 0] };
  await begin(async () => {
    const script = { target, func: readInPage, args: [srcUrl] };
    const [{ result } = {}] = await chrome.scripting.executeScript(script).catch(() => []);
    if (!result) throw new Error(text("unreadable"));
    return result;
  }).catch(() => {}); // there is a job already, which the popup shows
});

/**
 * The image with an address, as a `data:` URL. This runs in the page, and so can use nothing from out here.
 *
 * To ask the server for it again may bring another captcha than the one that is seen.
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
  const ways = [
    // The very bytes that the browser has shown.
    () => fetched({ cache: "only-if-cached", mode: "same-origin" }),
    // What is seen, written anew. The browser refuses this for images of other sites.
    () => {
      const isIt = ({ currentSrc, naturalWidth }) => currentSrc === address && naturalWidth > 0;
      const image = [...document.images].find(isIt);
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext("2d").drawImage(image, 0, 0);
      return canvas.toDataURL();
    },
    () => fetched({ cache: "force-cache" }),
  ];
  for (const way of ways) {
    try {
      return await way();
    } catch {
      // The next one.
    }
  }
}
