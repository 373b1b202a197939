// The playground: one image and one client. It shows every step and every error as the package reports it.

import { CaptchaError, Client } from "capwire";

const element = (id) => document.getElementById(id);
const bytes = (count) => `${count.toLocaleString("en")} bytes`;

// The key of the sandbox's account with money. Never put the key of a real account into a page.
element("key").value = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";

let image;
let controller;

element("draw").addEventListener("click", async () => {
  const drawn = await fetch("/sandbox/captcha");
  await choose(await drawn.blob());
});
element("file").addEventListener("change", ({ target }) => choose(target.files[0]));
element("service").addEventListener("change", () => image && choose(image));
element("abort").addEventListener("click", () => controller.abort());
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  solve();
});
document.addEventListener("paste", ({ clipboardData }) => choose(clipboardData.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer.files[0]);
});

function client() {
  const service = element("service").value;
  const baseUrl = new URL(`/${service}`, location.href).href;
  return new Client({ clientKey: element("key").value, service, baseUrl });
}

async function choose(blob) {
  if (!blob) return;
  image = blob;
  const preview = element("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(blob);
  preview.hidden = false;
  const { minBytes, maxBytes } = (await client().ready()).imageLimits;
  const fits = blob.size >= minBytes && blob.size <= maxBytes;
  const size = element("size");
  size.textContent = `${bytes(blob.size)}; the service takes ${minBytes} to ${bytes(maxBytes)}.`;
  size.className = fits ? "good" : "bad";
  element("solve").disabled = false;
}

async function solve() {
  const steps = element("steps");
  steps.replaceChildren();
  show("", "Working…");
  controller = new AbortController();
  element("abort").disabled = false;
  element("solve").disabled = true;
  try {
    const text = await client().solveImage(image, {
      signal: controller.signal,
      onProgress(event) {
        const step = document.createElement("li");
        step.textContent = describe(event);
        steps.append(step);
      },
    });
    show("good", `The text is ${text}`);
  } catch (error) {
    if (error instanceof CaptchaError)
      show("bad", `${error.name}: ${error.message}. ${error.hint}`);
    else show("bad", controller.signal.aborted ? "Stopped." : String(error));
  } finally {
    element("abort").disabled = true;
    element("solve").disabled = false;
  }
}

function describe(event) {
  const at = `${(event.elapsedMs / 1000).toFixed(1)} s`;
  if (event.type === "created") return `task ${event.taskId} created after ${at}`;
  if (event.type === "poll") return `result request ${event.poll}: ${event.status} after ${at}`;
  return `retrying ${event.method}: ${event.message}`;
}

function show(kind, text) {
  element("result").className = kind;
  element("result").textContent = text;
}
