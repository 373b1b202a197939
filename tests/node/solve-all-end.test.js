// How a solveAll ends before its input does: aborts, refusals that stop it, and failures of the input.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AccessError, BalanceError, KeyError, SolveTimeoutError } from "capwire";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import { all, captchas, HANG, UNKNOWN, watched } from "./helpers/many-tasks.js";
import { runForJson } from "./helpers/process.js";
import { EMPTY_KEY, KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";

const READY = { errorId: 0, status: "ready", solution: { text: "w7kq" } };

// Not all at once: many of them measure time.
describe("the end of solveAll", { concurrency: 6, timeout: 300_000 }, () => {
  const moments = {
    "while a record is waited for": async (records, controller, sandbox) => {
      const loop = all(records);
      loop.catch(() => {});
      const looks = async () => (await sandbox.requests("getTaskResult")).length;
      await eventually(async () => (await looks()) === 2, "both are looked at");
      controller.abort("enough");
      return rejection(loop);
    },
    "while a record is in the consumer's hands": async (records, controller, sandbox) => {
      await records.next();
      const looks = async () => (await sandbox.requests("createTask")).length;
      await eventually(async () => (await looks()) === 2, "the second is created");
      setTimeout(() => controller.abort("enough"), 200);
      await sleep(400);
      return rejection(all(records));
    },
    "in the consumer's own turn": async (records, controller) => {
      const loop = async () => {
        for await (const _ of records) controller.abort("enough");
      };
      return rejection(loop());
    },
  };
  for (const [when, make] of Object.entries(moments)) {
    it(`throws the signal's reason, aborted ${when}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { tasks } = await captchas(sandbox, 1);
      const waits = when !== "while a record is waited for";
      if (waits) await sandbox.script({ method: "getTaskResult", reply: { kind: "rules" } });
      await sandbox.script({ method: "getTaskResult", times: 9, reply: HANG });
      const controller = new AbortController();
      const { signal } = controller;
      const { input, seen } = watched([...tasks, UNKNOWN, UNKNOWN, UNKNOWN]);
      const records = sandbox.client().solveAll(input, { concurrency: 2, signal });
      assert.equal(await make(records, controller, sandbox), "enough");
      assert.deepEqual(seen, { taken: 2, returned: 1 });
      assert.equal(getEventListeners(signal, "abort").length, 0);
      assert.deepEqual(await records.next(), { done: true, value: undefined });
      const before = (await sandbox.requests()).length;
      await sleep(2_500);
      assert.equal((await sandbox.requests()).length, before);
    });
  }

  it("hands over what is paid for before it throws the reason, with its place and id", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ method: "getTaskResult", times: 9, reply: HANG });
    const controller = new AbortController();
    const tasks = [1, 2, 3].map((tag) => ({ ...UNKNOWN, tag }));
    const events = [];
    const onProgress = (event) => {
      events.push(event);
      if (events.length === 3) setTimeout(() => controller.abort("enough"), 100);
    };
    const { signal } = controller;
    const client = sandbox.client({ service: "brocapgpt" });
    const records = client.solveAll(tasks, { signal, onProgress, concurrency: 3 });
    const seen = [];
    const loop = async () => {
      for await (const record of records) seen.push(record);
    };
    assert.equal(await rejection(loop()), "enough");
    assert.deepEqual(
      events.map(({ type, index, task }) => [type, index, task === tasks[index]]),
      [0, 1, 2].map((index) => ["created", index, true]),
    );
    assert.deepEqual(seen.map(({ index }) => index).sort(), [0, 1, 2]);
    for (const { status, index, task, reason } of seen) {
      assert.deepEqual([status, task], ["rejected", tasks[index]]);
      const { taskId } = events.find((event) => event.index === index);
      const fields = { taskId, origin: "client", retryable: true, service: "brocapgpt" };
      await failure(Promise.reject(reason), SolveTimeoutError, "SOLVE_TIMEOUT", fields);
    }
    // They can be waited for.
    await sandbox.reset();
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body: READY } });
    assert.equal((await client.waitForResult(seen[0].reason.taskId)).solution.text, "w7kq");
  });

  it("throws the reason of a signal that is aborted already, and touches nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    const reason = { enough: true };
    const { input, seen } = watched([UNKNOWN]);
    const options = { signal: AbortSignal.abort(reason) };
    assert.equal(await rejection(all(sandbox.client().solveAll(input, options))), reason);
    assert.deepEqual([seen.taken, await sandbox.requests()], [0, []]);
  });

  it("an abort that nobody is waiting for ends no process", async (t) => {
    const sandbox = await sandboxFor(t);
    const { base64 } = await sandbox.captcha();
    const seen = await runForJson(`
      import { Client } from "capwire";
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const controller = new AbortController();
      const tasks = Array(5).fill({ type: "ImageToTextTask", body: "${base64}" });
      const records = client.solveAll(tasks, { signal: controller.signal });
      const { value } = await records.next();
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(JSON.stringify(value.status));
    `);
    assert.equal(seen, "fulfilled");
  });

  const refusals = {
    "a wrong key": [{ clientKey: WRONG_KEY }, KeyError, "ERROR_KEY_DOES_NOT_EXIST"],
    "an empty account": [{ clientKey: EMPTY_KEY }, BalanceError, "ERROR_ZERO_BALANCE"],
  };
  for (const [what, [options, ErrorClass, code]] of Object.entries(refusals)) {
    it(`sends ${what} once, and takes no more`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { tasks } = await captchas(sandbox, 20);
      const { input, seen } = watched(tasks);
      const records = await all(sandbox.client(options).solveAll(input, { concurrency: 16 }));
      assert.equal(records.length, 1);
      await failure(Promise.reject(records[0].reason), ErrorClass, code, { origin: "service" });
      assert.equal((await sandbox.requests()).length, 1);
      assert.deepEqual(seen, { taken: 1, returned: 1 });
    });
  }

  it("lets those in flight settle when the money runs out amid it all", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 20);
    const code = "ERROR_ZERO_BALANCE";
    await sandbox.script(
      { method: "createTask", times: 3, reply: { kind: "rules" } },
      { method: "createTask", reply: { kind: "error", code } },
      { method: "getTaskResult", reply: { kind: "rules" } },
      { method: "getTaskResult", times: 9, delayMs: 1_000, reply: { kind: "rules" } },
    );
    const { input, seen } = watched(tasks);
    const records = await all(sandbox.client().solveAll(input, { concurrency: 3 }));
    assert.deepEqual(seen, { taken: 4, returned: 1 });
    const rejected = records.filter(({ status }) => status === "rejected");
    assert.deepEqual([records.length, rejected.length], [4, 1]);
    await failure(Promise.reject(rejected[0].reason), BalanceError, code);
    assert.equal((await sandbox.requests("createTask")).length, 4);
  });

  it("ends when the address is banned", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_IP_BANNED";
    await sandbox.script({ method: "createTask", reply: { kind: "error", code } });
    const { input, seen } = watched(Array(20).fill(UNKNOWN));
    const records = await all(sandbox.client().solveAll(input));
    assert.equal(records.length, 1);
    await failure(Promise.reject(records[0].reason), AccessError, code, { retryAfterMs: 600_000 });
    assert.deepEqual([seen, (await sandbox.requests()).length], [{ taken: 1, returned: 1 }, 1]);
  });

  it("throws what the input throws, after aborting what is in flight", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ method: "getTaskResult", times: 9, reply: HANG });
    const reason = Symbol("not even an error");
    const failing = {
      *sync() {
        yield UNKNOWN;
        yield UNKNOWN;
        throw reason;
      },
      async *async() {
        yield UNKNOWN;
        yield UNKNOWN;
        await sleep(600);
        throw reason;
      },
    };
    for (const made of Object.values(failing)) {
      await sandbox.forgetRequests();
      assert.equal(await rejection(all(sandbox.client().solveAll(made()))), reason);
      await eventually(async () => {
        const requests = await sandbox.requests();
        return requests.every(({ method, aborted }) => method === "createTask" || aborted);
      }, "the service sees the aborts");
    }
    const thrower = { [Symbol.iterator]: () => ({ next: () => assert.fail("next") }) };
    const error = await rejection(all(sandbox.client().solveAll(thrower)));
    assert.equal(error.message, "next");
  });
});
