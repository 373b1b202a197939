// The option that keeps an extension's background worker alive while a call is under way.

// Before capwire, which takes the timers.
import "./helpers/timers.js";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyError, OptionsError } from "capwire";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import { KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";
import { timers as platform } from "./helpers/timers.js";

const INTERVAL_MS = 20_000;

/**
 * The global that an extension has, for one test, and the timers that keep the worker alive: they fire
 * when the test says so.
 */
function workerFor(t, namespace, getPlatformInfo) {
  const calls = t.mock.fn(getPlatformInfo);
  const runtime = { getPlatformInfo: calls };
  globalThis[namespace] = { runtime };
  const timers = timersFor(t);
  t.after(() => delete globalThis[namespace]);
  return { runtime, calls: calls.mock, ...timers };
}

function timersFor(t) {
  const timers = new Map();
  const { setTimeout, clearTimeout } = platform;
  t.mock.method(platform, "setTimeout", (then, ms, ...given) => {
    if (ms !== INTERVAL_MS) return setTimeout(then, ms, ...given);
    const timer = {};
    timers.set(timer, then);
    return timer;
  });
  t.mock.method(platform, "clearTimeout", (timer) => {
    if (!timers.delete(timer)) clearTimeout(timer);
  });
  return {
    timers,
    /** Lets 20 s pass for the only timer. */
    async pass() {
      assert.equal(timers.size, 1);
      const [[timer, then]] = timers;
      timers.delete(timer);
      then();
      await eventually(() => timers.size === 1, "the next timer is set");
    },
  };
}

/** A sandbox, and a task whose solution takes some time there. */
async function setUp(t, solveMs) {
  const sandbox = await sandboxFor(t, { solveMs });
  const { text, base64: body } = await sandbox.captcha();
  return { sandbox, text, task: { type: "ImageToTextTask", body } };
}

const isCreated = async (sandbox) => (await sandbox.requests("createTask")).length > 0;

// One after the other, because there is only one `chrome`.
describe("keepAlive", { timeout: 300_000 }, () => {
  for (const namespace of ["chrome", "browser"]) {
    it(`calls ${namespace}.runtime.getPlatformInfo() at once and every 20 s`, async (t) => {
      const { sandbox, text, task } = await setUp(t, 1_000);
      const worker = workerFor(t, namespace, async () => ({ os: "linux" }));
      const solving = sandbox.client({ keepAlive: true }).solve(task);
      await eventually(() => isCreated(sandbox), "the task is created");
      assert.equal(worker.calls.callCount(), 1);
      for (const calls of [2, 3, 4]) {
        await worker.pass();
        assert.equal(worker.calls.callCount(), calls);
      }
      assert.deepEqual((await solving).solution, { text });
      assert.equal(worker.timers.size, 0);
      assert.equal(worker.calls.callCount(), 4);
      for (const call of worker.calls.calls) {
        assert.equal(call.this, worker.runtime);
        assert.deepEqual(call.arguments, []);
      }
    });
  }

  for (const options of [{}, { keepAlive: false }, { keepAlive: undefined }]) {
    it(`does nothing with ${JSON.stringify(options)}`, async (t) => {
      const { sandbox, text, task } = await setUp(t, 0);
      const worker = workerFor(t, "chrome", async () => ({}));
      const timers = t.mock.fn();
      const { solution } = await sandbox.client(options).solve(task, {
        onProgress: () => timers(worker.timers.size),
      });
      assert.deepEqual(solution, { text });
      assert.equal(worker.calls.callCount(), 0);
      assert.ok(timers.mock.callCount() > 1);
      assert.ok(timers.mock.calls.every(({ arguments: [size] }) => size === 0));
    });
  }

  const NO_WORKERS = {
    "no namespace": undefined,
    "a page's `chrome`": { loadTimes() {} },
    "a content script's": { runtime: { sendMessage() {} } },
    "something else of that name": { runtime: { getPlatformInfo: 5 } },
    "one whose getter throws": Object.defineProperty({}, "runtime", {
      get() {
        throw new Error("not here");
      },
    }),
    null: null,
  };
  for (const [what, value] of Object.entries(NO_WORKERS)) {
    it(`does nothing where the function is missing: ${what}`, async (t) => {
      const { sandbox, text, task } = await setUp(t, 0);
      if (value !== undefined) globalThis.chrome = value;
      t.after(() => delete globalThis.chrome);
      const { timers } = timersFor(t);
      const sizes = [];
      const { solution } = await sandbox.client({ keepAlive: true }).solve(task, {
        onProgress: () => sizes.push(timers.size),
      });
      assert.deepEqual(solution, { text });
      assert.ok(sizes.length > 1 && sizes.every((size) => size === 0), String(sizes));
    });
  }

  const FAULTS = {
    throws() {
      throw new Error("the extension was updated");
    },
    rejects: () => Promise.reject(new Error("the extension was updated")),
    "gives nothing": () => undefined,
    "never settles": () => new Promise(() => {}),
    "gives a promise that is none": () => ({
      // biome-ignore lint/suspicious/noThenProperty: as an unusual platform might.
      get then() {
        throw new Error("unusual");
      },
    }),
  };
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`continues where the call ${what}`, async (t) => {
      const { sandbox, text, task } = await setUp(t, 1_000);
      const worker = workerFor(t, "chrome", fault);
      const unhandled = t.mock.fn();
      process.on("unhandledRejection", unhandled);
      t.after(() => process.off("unhandledRejection", unhandled));
      const solving = sandbox.client({ keepAlive: true }).solve(task);
      await eventually(() => isCreated(sandbox), "the task is created");
      await worker.pass();
      await worker.pass();
      assert.deepEqual((await solving).solution, { text });
      assert.equal(worker.calls.callCount(), 3);
      assert.equal(worker.timers.size, 0);
      assert.equal(unhandled.mock.callCount(), 0);
    });
  }

  it("leaves no timer after an abort", async (t) => {
    const { sandbox, task } = await setUp(t, 60_000);
    const worker = workerFor(t, "chrome", async () => ({}));
    const controller = new AbortController();
    const { signal } = controller;
    const solving = sandbox.client({ keepAlive: true }).solve(task, { signal });
    await eventually(() => isCreated(sandbox), "the task is created");
    await worker.pass();
    const reason = new Error("enough");
    controller.abort(reason);
    assert.equal(await rejection(solving), reason);
    assert.equal(worker.timers.size, 0);
  });

  it("leaves no timer after a failure", async (t) => {
    const sandbox = await sandboxFor(t);
    const worker = workerFor(t, "chrome", async () => ({}));
    const client = sandbox.client({ clientKey: WRONG_KEY, keepAlive: true });
    await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
    assert.equal(worker.calls.callCount(), 1);
    assert.equal(worker.timers.size, 0);
  });

  it("has one timer for a whole solveAll, and none after it is left", async (t) => {
    const { sandbox, text, task } = await setUp(t, 0);
    const worker = workerFor(t, "chrome", async () => ({}));
    const client = sandbox.client({ keepAlive: true });
    let count = 0;
    for await (const { value } of client.solveAll([task, task, task, task])) {
      assert.deepEqual(value.solution, { text });
      assert.equal(worker.timers.size, 1);
      count += 1;
      if (count === 2) break;
    }
    await eventually(() => worker.timers.size === 0, "the timer is gone");
  });

  it("is true or false", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const keepAlive of [null, 1, "true", {}, [], KEY]) {
      const call = sandbox.client({ keepAlive }).getBalance();
      const error = await failure(call, OptionsError, "INVALID_OPTIONS", { option: "keepAlive" });
      assert.ok(!error.message.includes(KEY));
    }
    assert.deepEqual(await sandbox.requests(), []);
  });
});
