// The guides: each of their examples is a file, and does what they say.

// Before capwire, which takes the timers.
import "./helpers/timers.js";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BalanceError, ImageError, KeyError, SolveTimeoutError, TaskNotFoundError } from "capwire";
import { solveImages } from "../../docs/examples/node-batch.js";
import { nextStep } from "../../docs/examples/node-errors.js";
import { solveOnce } from "../../docs/examples/node-resume.js";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import { EMPTY_KEY, KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";
import { timers as platform } from "./helpers/timers.js";

const docs = join(import.meta.dirname, "../../docs");
const examples = join(docs, "examples");

/** Starts an example as a reader would, with the sandbox instead of the service. */
function start(file, args, sandbox) {
  const child = spawn(process.execPath, [join(examples, file), ...args], {
    env: { ...process.env, CAPWIRE_KEY: KEY, CAPWIRE_BASE_URL: sandbox.url() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      out[name] += text;
    });
  }
  const ended = once(child, "close").then(([code]) => ({ ...out, code }));
  return { child, out, ended };
}

/** A folder for one test. */
async function folderFor(t) {
  const folder = await mkdtemp(join(import.meta.dirname, "examples-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function savedCaptcha(folder, name, sandbox) {
  const { text, bytes } = await sandbox.captcha();
  const file = join(folder, name);
  await writeFile(file, bytes);
  return { text, file };
}

it("every block of JavaScript in these guides is a tested file, and every such file is shown", async () => {
  const pages = ["node.md", "extensions.md"];
  const texts = await Promise.all(pages.map((name) => readFile(join(docs, name), "utf8")));
  const blocks = texts.flatMap((text) => [...text.matchAll(/^```js\n(.*?)^```$/gms)]);
  const files = await readdir(examples);
  const sources = await Promise.all(files.map((name) => readFile(join(examples, name), "utf8")));
  assert.ok(sources.length > 0);
  assert.deepEqual(blocks.map(([, code]) => code).sort(), sources.sort());
});

describe("Node", { concurrency: true, timeout: 120_000 }, () => {
  it("node-solve.js prints the text, and the progress beside it", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, file } = await savedCaptcha(await folderFor(t), "captcha.png", sandbox);
    const { stdout, stderr, code } = await start("node-solve.js", [file], sandbox).ended;
    assert.deepEqual({ stdout, code }, { stdout: `${text}\n`, code: 0 }, stderr);
    assert.match(stderr, /^balance: 10\ncreated \d+ after \d+ ms\npoll \d+ after \d+ ms\n$/);
  });

  it("node-solve.js is stopped by Ctrl-C", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { file } = await savedCaptcha(await folderFor(t), "captcha.png", sandbox);
    const { child, out, ended } = start("node-solve.js", [file], sandbox);
    await eventually(() => out.stderr.includes("created"), "the task is created");
    child.kill("SIGINT");
    const { stdout, stderr, code } = await ended;
    assert.deepEqual({ stdout, code }, { stdout: "", code: 1 });
    assert.match(stderr, /Error: stopped by Ctrl-C/);
  });

  it("node-http.js prints the text", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, file } = await savedCaptcha(await folderFor(t), "captcha.png", sandbox);
    const { stdout, stderr, code } = await start("node-http.js", [file], sandbox).ended;
    assert.deepEqual({ stdout, stderr, code }, { stdout: `${text}\n`, stderr: "", code: 0 });
  });

  it("node-resume.js resumes the task of a process that was killed", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 1_500 });
    const { text, base64 } = await sandbox.captcha();
    const kept = join(await folderFor(t), "task-id");
    const task = { type: "ImageToTextTask", body: base64 };
    const script = `
      import { Client } from "capwire";
      import { solveImages } from "../../docs/examples/node-batch.js";
import { solveOnce } from "../../docs/examples/node-resume.js";
      const [options, task, file] = JSON.parse(process.argv[1]);
      await solveOnce(new Client(options), task, file);`;
    const options = { clientKey: KEY, baseUrl: sandbox.url() };
    const args = ["--input-type=module", "--eval", script, JSON.stringify([options, task, kept])];
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: "inherit" });
    await eventually(() => existsSync(kept), "the task's id is kept");
    child.kill("SIGKILL");
    await once(child, "exit");

    assert.deepEqual(await solveOnce(sandbox.client(), task, kept), { text });
    assert.equal((await sandbox.requests("createTask")).length, 1);
    assert.ok(!existsSync(kept));
  });

  for (const moment of [1, 6, 13, 19]) {
    it(`node-batch.js goes on after the process was killed at created task ${moment} of 20`, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 1_000 });
      const captchas = await Promise.all(Array.from({ length: 20 }, () => sandbox.captcha()));
      const names = captchas.map((_, index) => `${index}.png`);
      const images = Object.fromEntries(captchas.map(({ base64 }, at) => [names[at], base64]));
      const journal = join(await folderFor(t), "journal");
      const script = `
        import { Client } from "capwire";
        import { solveImages } from "../../docs/examples/node-batch.js";
        const [options, images, file] = JSON.parse(process.argv[1]);
        await solveImages(new Client(options), images, file, { concurrency: 4 });`;
      const options = { clientKey: KEY, baseUrl: sandbox.url() };
      const given = JSON.stringify([options, images, journal]);
      const args = ["--input-type=module", "--eval", script, given];
      const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: "inherit" });
      const lines = async (state) =>
        (await readFile(journal, "utf8").catch(() => "")).split(`"state":"${state}"`).length - 1;
      const isThere = async () => (await lines("created")) >= moment;
      await eventually(isThere, "the tasks are created", 60_000);
      child.kill("SIGKILL");
      await once(child, "exit");
      assert.ok((await lines("solved")) < 20, "it was killed in the middle");

      const end = await solveImages(sandbox.client(), images, journal, { concurrency: 4 });
      const created = await sandbox.requests("createTask");
      const bought = created.map(({ body }) => body.task.body);
      assert.equal(new Set(bought).size, bought.length, "nothing is bought twice");
      let doubtful = 0;
      for (const [at, name] of names.entries()) {
        const { state, text } = end.get(name);
        if (state === "sent") doubtful += 1;
        else assert.deepEqual([state, text], ["solved", captchas[at].text]);
      }
      assert.ok(doubtful <= 4, `${doubtful} are in doubt`);
      // A third process has nothing to do.
      await solveImages(sandbox.client(), images, journal);
      assert.equal((await sandbox.requests("createTask")).length, bought.length);
    });
  }

  it("node-batch.js goes on after an abort", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 3_000 });
    const captchas = await Promise.all(Array.from({ length: 6 }, () => sandbox.captcha()));
    const images = Object.fromEntries(captchas.map(({ base64 }, at) => [`image ${at}`, base64]));
    const journal = join(await folderFor(t), "journal");
    const signal = AbortSignal.timeout(1_500);
    const call = solveImages(sandbox.client(), images, journal, { concurrency: 3, signal });
    assert.equal(await rejection(call), signal.reason);
    const end = await solveImages(sandbox.client(), images, journal, { concurrency: 3 });
    assert.deepEqual(
      captchas.map(({ text }, at) => [end.get(`image ${at}`).text, text]),
      captchas.map(({ text }) => [text, text]),
    );
    assert.equal((await sandbox.requests("createTask")).length, 6);
  });

  it("node-resume.js forgets a task whose result is gone", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const kept = join(await folderFor(t), "task-id");
    await writeFile(kept, "4711");
    const task = { type: "ImageToTextTask", body: bytes };
    const client = sandbox.client();
    const solving = solveOnce(client, task, kept);
    await failure(solving, TaskNotFoundError, "ERROR_NO_SUCH_CAPCHA_ID", { taskId: 4711 });
    assert.deepEqual(await solveOnce(client, task, kept), { text });
  });

  it("node-errors.js says what to do", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { bytes } = await sandbox.captcha();
    const advised = async (call, ErrorClass) => {
      const error = await rejection(call);
      assert.ok(error instanceof ErrorClass, String(error));
      return [nextStep(error), error];
    };
    const wrong = sandbox.client({ clientKey: WRONG_KEY });
    assert.equal((await advised(wrong.getBalance(), KeyError))[0], "set another key");

    const empty = sandbox.client({ clientKey: EMPTY_KEY });
    assert.equal((await advised(empty.solveImage(bytes), BalanceError))[0], "add funds");

    const client = sandbox.client();
    const small = client.solveImage(new Uint8Array(99));
    const advice = "send another image: 99 bytes, the limit is 100";
    assert.equal((await advised(small, ImageError))[0], advice);

    const slow = client.solveImage(bytes, { timeoutMs: 1_000 });
    const [next, { taskId }] = await advised(slow, SolveTimeoutError);
    assert.equal(next, `wait for task ${taskId}`);

    const none = client.getTaskResult(4711);
    const [hint, error] = await advised(none, TaskNotFoundError);
    assert.equal(hint, error.hint);

    const reason = new Error("mine");
    assert.throws(() => nextStep(reason), reason);
  });

  it("node-several.js prints each result as it comes", async (t) => {
    const sandbox = await sandboxFor(t);
    const folder = await folderFor(t);
    const names = Array.from({ length: 5 }, (_, index) => `${index}.png`);
    const saved = await Promise.all(names.map((name) => savedCaptcha(folder, name, sandbox)));
    const bad = join(folder, "bad.png");
    await writeFile(bad, new Uint8Array(200).fill(7));
    const files = [bad, ...saved.map(({ file }) => file)];
    const { stdout, stderr, code } = await start("node-several.js", files, sandbox).ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout.trimEnd().split("\n").sort(),
      saved.map(({ file, text }) => `${file} ${text}`),
    );
    assert.ok(stderr.startsWith(`${bad} The service could not solve this captcha`), stderr);
  });
});

// One after the other, because there is only one `chrome`.
describe("extensions", { timeout: 300_000 }, () => {
  /** A browser with the background worker of the guide. */
  async function browserFor(t, { session = {}, ...options }) {
    const stores = { local: { options }, session };
    const accessLevels = {};
    const pings = t.mock.fn();
    let onMessage;
    let onLocalChange;
    const store = (name) => ({
      get: async (key) => (key in stores[name] ? { [key]: stores[name][key] } : {}),
      set: async (entries) => {
        Object.assign(stores[name], entries);
        if (name === "local") onLocalChange();
      },
      remove: async (key) => delete stores[name][key],
      setAccessLevel: async ({ accessLevel }) => {
        accessLevels[name] = accessLevel;
      },
      onChanged: {
        addListener: (listener) => {
          onLocalChange = listener;
        },
      },
    });
    // As between two contexts: the receiver gets a copy, made through JSON.
    const copy = (value) => JSON.parse(JSON.stringify(value));
    globalThis.chrome = {
      storage: { local: store("local"), session: store("session") },
      runtime: {
        id: "this-extension",
        getPlatformInfo: pings,
        onMessage: {
          addListener: (listener) => {
            onMessage = listener;
          },
        },
        sendMessage: (message) =>
          new Promise((resolve) => {
            const sender = { id: "this-extension" };
            const isLater = onMessage(copy(message), sender, (answer) => resolve(copy(answer)));
            assert.equal(isLater, true);
          }),
      },
    };
    t.after(() => delete globalThis.chrome);
    // A worker of its own for each test: a module is evaluated once per URL.
    await import(`../../docs/examples/extension-background.js?${encodeURIComponent(t.name)}`);
    const { readCaptcha } = await import("../../docs/examples/extension-ask.js");
    return { readCaptcha, stores, accessLevels, pings, hear: (...args) => onMessage(...args) };
  }

  it("a message of another form or sender is not answered", async (t) => {
    const { hear, stores } = await browserFor(t, { clientKey: KEY, baseUrl: "http://127.0.0.1:9" });
    const message = { type: "read-captcha", job: "a", image: "data:image/png;base64,AAAA" };
    const reply = () => assert.fail("it is answered");
    for (const changed of [null, "text", {}, { type: "toString" }]) {
      assert.equal(hear(changed, { id: "this-extension" }, reply), undefined);
    }
    for (const changed of [{ job: null }, { job: { a: 1 } }, { job: ["a"] }, { image: 5 }]) {
      assert.equal(hear({ ...message, ...changed }, { id: "this-extension" }, reply), undefined);
    }
    assert.equal(hear(message, { id: "another-extension" }, reply), undefined);
    assert.deepEqual(stores.session, {});
  });

  it("a page asks, the worker answers, and nothing is left behind", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 500 });
    const { text, base64 } = await sandbox.captcha();
    const timers = t.mock.method(platform, "setTimeout");
    const cleared = t.mock.method(platform, "clearTimeout");
    const options = { clientKey: KEY, baseUrl: sandbox.url() };
    const { readCaptcha, stores, accessLevels, pings } = await browserFor(t, options);

    const reading = readCaptcha(`data:image/png;base64,${base64}`);
    await eventually(() => Object.keys(stores.session).length === 1, "the task's id is kept");
    const [taskId] = Object.values(stores.session);
    assert.ok(Number.isSafeInteger(taskId));
    assert.equal(await reading, text);
    assert.deepEqual(stores.session, {});
    assert.deepEqual(accessLevels, { local: "TRUSTED_CONTEXTS" });

    // The worker was kept alive, and no longer is.
    assert.equal(pings.mock.callCount(), 1);
    const [timer] = timers.mock.calls.filter(({ arguments: [, ms] }) => ms === 20_000);
    assert.ok(cleared.mock.calls.some(({ arguments: [cleared] }) => cleared === timer.result));
  });

  it("an error keeps its class on the way to the page", async (t) => {
    const sandbox = await sandboxFor(t);
    const options = { clientKey: WRONG_KEY, baseUrl: sandbox.url() };
    const { readCaptcha, stores } = await browserFor(t, options);
    const { base64 } = await sandbox.captcha();
    const error = await failure(readCaptcha(base64), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
    assert.equal(error.origin, "service");
    assert.ok(!JSON.stringify(error).includes(WRONG_KEY));
    // The worker keeps its client, which knows about the wrong key, until the key changes.
    const again = await rejection(readCaptcha(base64));
    assert.equal(again.origin, "client");
    await chrome.storage.local.set({ options: { ...stores.local.options, clientKey: KEY } });
    assert.match(await readCaptcha(base64), /./);
  });

  it("an unusable image is refused before anything is sent", async (t) => {
    const sandbox = await sandboxFor(t);
    const options = { clientKey: KEY, baseUrl: sandbox.url() };
    const { readCaptcha } = await browserFor(t, options);
    await failure(readCaptcha("AAAA"), ImageError, "ERROR_ZERO_CAPTCHA_FILESIZE", { size: 3 });
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("a new worker resumes the task of one that was ended", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 1_000 });
    const { text, base64 } = await sandbox.captcha();
    const taskId = await sandbox.client().createTask({ type: "ImageToTextTask", body: base64 });
    const job = "00000000-0000-4000-8000-000000000000";
    t.mock.method(crypto, "randomUUID", () => job);
    const options = { clientKey: KEY, baseUrl: sandbox.url(), session: { [job]: taskId } };
    const { readCaptcha, stores } = await browserFor(t, options);
    // The rejection tells the page that the worker has ended, and it asks again.
    const { sendMessage } = chrome.runtime;
    const sends = t.mock.method(chrome.runtime, "sendMessage", sendMessage);
    sends.mock.mockImplementationOnce(() => Promise.reject(new Error("the worker was ended")));
    assert.equal(await readCaptcha(base64), text);
    assert.equal(sends.mock.callCount(), 2);
    assert.equal((await sandbox.requests("createTask")).length, 1);
    assert.deepEqual(stores.session, {});
  });
});
