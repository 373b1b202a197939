// The popup. It shows the worker's state and sends it requests. The browser closes the popup as soon as it
// loses focus, so it keeps no state of a job.

import { CaptchaError, KeyError } from "capwire/errors";
import { ask, text, unpacked } from "./messages.js";

const { session } = chrome.storage;
const language = text("language");
const element = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString(language, { maximumFractionDigits: 4 });
/** In words, because Russian has several plural forms: 99 bytes, 102 байта. */
const bytes = (count) =>
  count.toLocaleString(language, { style: "unit", unit: "byte", unitDisplay: "long" });

/** A larger image would only slow the popup down: no service takes a tenth of it. */
const MAX_SHOWN_BYTES = 10_000_000;

let settings;
let job;
/** The displayed image, as a `data:` URL. */
let image;

document.documentElement.lang = language;
// Fills in the texts as the browser does in the manifest.
const wanted = "//text()[contains(., '__MSG_')] | //@*[contains(., '__MSG_')]";
const found = document.evaluate(wanted, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
for (let n = 0; n < found.snapshotLength; n++) {
  const node = found.snapshotItem(n);
  node.nodeValue = node.nodeValue.replace(/__MSG_(\w+)__/g, (_, name) => text(name));
}

// --- Rendering.

function sizeOf(dataUrl) {
  const base64 = dataUrl.slice(dataUrl.indexOf(",") + 1);
  return (base64.length / 4) * 3 - base64.match(/=*$/)[0].length;
}

function render() {
  const { hasKey, remember, imageLimits } = settings;
  const working = job?.state === "working";
  const focused = document.activeElement.id;
  const { minBytes, maxBytes } = imageLimits;
  const size = image && sizeOf(image);
  const fits = size >= minBytes && size <= maxBytes;
  const verdict = fits ? "fits" : size < minBytes ? "tooSmall" : "tooLarge";
  const limits = text("limits", number(minBytes), number(maxBytes));

  const keyState = remember ? "keyRemembered" : "keyForSession";
  element("key-state").textContent = text(hasKey ? keyState : "noKey");
  element("forget").disabled = !hasKey;
  element("check").disabled = !hasKey;

  element("preview").hidden = !image;
  if (image) element("preview").src = image;
  element("size").textContent = image ? `${text(verdict, bytes(size))} ${limits}` : limits;
  element("size").className = image ? (fits ? "good" : "bad") : "quiet";
  element("choose").disabled = working;
  element("read").disabled = working || !hasKey || !fits;
  element("stop").disabled = !working;

  element("status").textContent = job ? text(job.taskId && working ? "created" : job.state) : "";
  element("progress").hidden = !working;
  element("polls").textContent = working && job.polls ? text("polls", number(job.polls)) : "";
  element("result").hidden = job?.state !== "solved";
  element("text").textContent = job?.text ?? "";

  // A disabled button loses focus, so move it to the next control.
  if (working && focused === "read") element("stop").focus();
  if (!working && focused === "stop") element(job?.text ? "copy" : "choose").focus();
}

/** Shows an error: what happened, what to do about it, and its class and code for bug reports. */
function complain(error) {
  const lines = error ? [error.message] : [];
  if (error instanceof CaptchaError) lines.push(error.hint, `${error.name}: ${error.code}`);
  const shown = lines.map((line, n) => {
    const paragraph = document.createElement("p");
    paragraph.className = n === 0 ? "bad" : n === 2 ? "quiet" : "";
    paragraph.textContent = line;
    return paragraph;
  });
  element("error").replaceChildren(...shown);
  const isKeyWrong = error instanceof KeyError;
  element("key").ariaInvalid = String(isKeyWrong);
  if (isKeyWrong) {
    element("account").open = true;
    element("key").focus();
  }
  if (error) element("error").scrollIntoView({ block: "nearest" });
}

/** Runs an action of the user and shows its error, if any. */
async function attempt(action) {
  complain();
  try {
    await action();
  } catch (error) {
    complain(error);
  }
  if (settings) render(); // undefined if the worker could not start the module
}

// --- The account.

function fill(found) {
  settings = found;
  element("service").value = settings.service;
  element("remember").checked = settings.remember;
  element("base-url").value = settings.baseUrl ?? "";
  element("key").value = ""; // a saved key never returns to a page
  element("balance").textContent = "–";
}

async function showBalance() {
  const balance = await ask("balance", { service: settings.service });
  element("balance").textContent = number(balance);
}

element("service").addEventListener("change", ({ target }) =>
  attempt(async () => fill(await ask("choose", { service: target.value }))),
);
element("show").addEventListener("click", ({ target }) => {
  const shown = element("key").type === "password";
  element("key").type = shown ? "text" : "password";
  target.ariaPressed = String(shown);
});
element("account-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const account = {
      service: settings.service,
      clientKey: element("key").value.trim(),
      baseUrl: element("base-url").value.trim(),
      remember: element("remember").checked,
    };
    fill(await ask("save", account));
    element("account").open = false;
    element("key-state").focus(); // the focused button is hidden now
    render();
    await showBalance(); // also checks that the service knows the key
  });
});
element("forget").addEventListener("click", () =>
  attempt(async () => fill(await ask("forget", { service: settings.service }))),
);
element("check").addEventListener("click", () => attempt(showBalance));

// --- The image.

async function choose(blob) {
  if (!blob || job?.state === "working") return;
  await attempt(async () => {
    if (!blob.type.startsWith("image/")) throw new Error(text("notImage"));
    if (blob.size > MAX_SHOWN_BYTES) throw new Error(text("tooLarge", bytes(blob.size)));
    const reader = new FileReader();
    reader.readAsDataURL(blob);
    await new Promise((resolve, reject) =>
      Object.assign(reader, { onload: resolve, onerror: () => reject(reader.error) }),
    );
    image = reader.result;
    job = undefined; // the previous result belongs to another image
  });
}

element("choose").addEventListener("click", () => element("file").click());
element("file").addEventListener("change", ({ target }) => choose(target.files[0]));
document.addEventListener("paste", ({ clipboardData }) => choose(clipboardData.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer.files[0]);
});

// --- The job.

element("image-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => ask("solve", { image }));
});
element("stop").addEventListener("click", () => attempt(() => ask("stop")));
element("copy").addEventListener("click", () =>
  attempt(async () => {
    await navigator.clipboard.writeText(job.text);
    element("copy").textContent = text("copied");
  }),
);

function showJob(found) {
  job = found;
  element("copy").textContent = text("copy");
  complain(job?.failure && unpacked(job.failure));
  render();
  // The user has seen the result.
  if (job && job.state !== "working") chrome.action.setBadgeText({ text: "" });
}

session.onChanged.addListener(({ job: changed, image: other }) => {
  if (other?.newValue) image = other.newValue;
  if (changed?.newValue) showJob(changed.newValue);
  if (changed?.newValue?.state === "working" && changed.oldValue?.state !== "working") follow();
});

/**
 * Keeps the worker awake while a job is running. If the browser stops the worker, the request fails, and
 * repeating it starts a new worker, which resumes the job.
 */
async function follow() {
  while (job?.state === "working") {
    await ask("follow").catch(() => new Promise((resolve) => setTimeout(resolve, 500)));
    showJob((await session.get("job")).job);
  }
}

await attempt(async () => {
  const [found, kept] = await Promise.all([ask("settings"), session.get(["job", "image"])]);
  fill(found);
  element("account").open = !settings.hasKey;
  image = kept.image;
  showJob(kept.job);
  follow();
});
document.body.hidden = false;
