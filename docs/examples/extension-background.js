// The background worker. Only it has the key and talks to the service.
import { CaptchaError, Client } from "capwire";

// Content scripts can read storage.local unless its access is restricted, which Firefox does not
// support. They can't read storage.session.
const restricted = chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

// One client for all messages, so its options are checked only once.
let client;
chrome.storage.local.onChanged.addListener(() => {
  client = undefined; // the key may have changed
});

async function open() {
  await restricted;
  const { options } = await chrome.storage.local.get("options"); // { clientKey, service }
  return new Client({ ...options, keepAlive: true });
}

const jobs = new Map();

chrome.runtime.onMessage.addListener((message, sender, reply) => {
  // A page may have taken over the process of its content scripts, and send what it likes.
  if (sender.id !== chrome.runtime.id || message?.type !== "read-captcha") return;
  const { job, image } = message;
  if (typeof job !== "string" || typeof image !== "string") return;
  // A page that lost its worker asks again, perhaps while the job is still running.
  if (!jobs.has(job)) jobs.set(job, read(job, image));
  jobs.get(job).then(
    (text) => reply({ text }),
    (error) => reply({ error: error instanceof CaptchaError ? error.toJSON() : String(error) }),
  );
  return true; // the reply comes later
});

async function read(job, image) {
  client ??= open();
  const opened = await client;
  const { [job]: taskId } = await chrome.storage.session.get(job);
  const task = { type: "ImageToTextTask", body: image };
  try {
    const { solution } = taskId
      ? await opened.waitForResult(taskId, { type: task.type }) // created by an earlier worker
      : await opened.solve(task, {
          onProgress(event) {
            if (event.type === "created") chrome.storage.session.set({ [job]: event.taskId });
          },
        });
    return solution.text;
  } finally {
    jobs.delete(job);
    await chrome.storage.session.remove(job);
  }
}
