// The background worker. It alone has the key and speaks with the service.
import { CaptchaError, Client } from "capwire";

// Content scripts can read this store, unless they are shut out, which Firefox cannot do. That of the session
// they cannot read.
const shut = chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

// One client for all messages: its options are checked once.
let client;
chrome.storage.local.onChanged.addListener(() => {
  client = undefined; // another key
});

async function open() {
  await shut;
  const { options } = await chrome.storage.local.get("options"); // { clientKey, service }
  return new Client({ ...options, keepAlive: true });
}

const jobs = new Map();

chrome.runtime.onMessage.addListener((message, _sender, reply) => {
  if (message.type !== "read-captcha") return;
  const { job, image } = message;
  // A page that has lost the worker asks again, perhaps while the job is still under way.
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
      ? await opened.waitForResult(taskId, { type: task.type }) // an earlier worker has created it
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
