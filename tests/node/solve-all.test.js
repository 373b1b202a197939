// solveAll over real HTTP: what it requests from the input and from the service, and its records.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { OptionsError, TaskError, UnsolvableError } from "capwire";
import { eventually, failure, rejection, timed } from "./helpers/assertions.js";
import { all, captchas, HANG, UNKNOWN, watched, widest } from "./helpers/many-tasks.js";
import { runForJson } from "./helpers/process.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

// Not all at once: many of them measure time.
describe("solveAll", { concurrency: 6, timeout: 300_000 }, () => {
  const inputs = {
    "an array": (tasks) => tasks,
    "a set": (tasks) => new Set(tasks),
    "a generator": function* (tasks) {
      yield* tasks;
    },
    "an async generator": async function* (tasks) {
      for (const task of tasks) {
        await sleep(5);
        yield task;
      }
    },
    "a stream": (tasks) => ReadableStream.from(tasks),
  };
  for (const [what, made] of Object.entries(inputs)) {
    it(`solves the tasks of ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { tasks, texts } = await captchas(sandbox, 6);
      const records = await all(sandbox.client().solveAll(made(tasks), { concurrency: 3 }));
      assert.equal(records.length, 6);
      for (const record of records) {
        assert.deepEqual(Object.keys(record).sort(), ["index", "status", "task", "value"]);
        assert.equal(record.status, "fulfilled");
        // The caller's own object.
        assert.equal(record.task, tasks[record.index]);
        assert.deepEqual(record.value.solution, { text: texts[record.index] });
        assert.ok(record.value.taskId > 0 && record.value.polls === 1);
      }
      assert.deepEqual(records.map(({ index }) => index).sort(), [0, 1, 2, 3, 4, 5]);
      assert.equal((await sandbox.requests("createTask")).length, 6);
    });
  }

  it("of nothing sends nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    assert.deepEqual(await all(sandbox.client().solveAll([])), []);
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("gives records in order of completion", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 3);
    await sandbox.script(
      { method: "getTaskResult", delayMs: 1_500, reply: { kind: "rules" } },
      { method: "getTaskResult", delayMs: 700, reply: { kind: "rules" } },
    );
    const records = await all(sandbox.client().solveAll(tasks));
    // The network decides the order of requests; the sandbox makes the undelayed task ready first.
    const elapsed = records.map(({ value }) => value.elapsedMs);
    assert.deepEqual(
      elapsed,
      [...elapsed].sort((a, b) => a - b),
    );
    assert.ok(elapsed[2] - elapsed[0] > 1_000, `${elapsed}`);
  });

  it("makes a record of a task that fails, and continues", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 4);
    const notSent = { type: "ImageToTextTask", body: "*" };
    const input = [tasks[0], UNKNOWN, tasks[1], notSent, null, tasks[2], 5, tasks[3]];
    const records = await all(sandbox.client().solveAll(input, { concurrency: 2 }));
    records.sort((a, b) => a.index - b.index);
    assert.deepEqual(
      records.map(({ status }) => status),
      [
        "fulfilled",
        "rejected",
        "fulfilled",
        "rejected",
        "rejected",
        "fulfilled",
        "rejected",
        "fulfilled",
      ],
    );
    for (const [place, record] of records.entries()) assert.equal(record.task, input[place]);
    const [, unsolvable, , image, none, , five] = records.map(({ reason }) => reason);
    const rejected = (reason, ...expected) => failure(Promise.reject(reason), ...expected);
    const error = await rejected(unsolvable, UnsolvableError, "ERROR_CAPTCHA_UNSOLVABLE");
    assert.ok(error.taskId > 0);
    assert.equal(image.code, "INVALID_IMAGE");
    await rejected(none, TaskError, "INVALID_TASK");
    await rejected(five, TaskError, "INVALID_TASK");
    // A task that can't be sent is not.
    assert.equal((await sandbox.requests("createTask")).length, 5);
  });

  for (const concurrency of [1, 3]) {
    it(`has never more than ${concurrency} on their way`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { tasks } = await captchas(sandbox, 9);
      const records = await all(sandbox.client().solveAll(tasks, { concurrency }));
      assert.equal(records.length, 9);
      assert.ok((await widest(sandbox)) <= concurrency);
    });

    it(`has all ${concurrency} on their way, and no more while none settles`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ method: "getTaskResult", times: 9, reply: HANG });
      const controller = new AbortController();
      const { signal } = controller;
      const tasks = Array(9).fill(UNKNOWN);
      const loop = all(sandbox.client().solveAll(tasks, { concurrency, signal }));
      const looks = async () => (await sandbox.requests("getTaskResult")).length;
      await eventually(async () => (await looks()) === concurrency, "all are looked at");
      await sleep(1_000);
      assert.equal((await sandbox.requests("createTask")).length, concurrency);
      controller.abort("enough");
      assert.equal(await rejection(loop), "enough");
    });
  }

  it("does not run ahead of its consumer", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 8);
    for (const isAsync of [false, true]) {
      await sandbox.forgetRequests();
      const { input, seen } = watched(tasks, { isAsync });
      const records = sandbox.client().solveAll(input, { concurrency: 2 });
      await sleep(50);
      assert.equal(seen.taken, 0, "nothing is taken before the first record is asked for");
      let consumed = 0;
      for await (const record of records) {
        assert.equal(record.status, "fulfilled");
        await sleep(700);
        assert.ok(seen.taken <= consumed + 2, `${seen.taken} taken, ${consumed} consumed`);
        assert.ok((await sandbox.requests("createTask")).length <= consumed + 2);
        consumed += 1;
      }
      assert.deepEqual([consumed, seen.taken, seen.returned], [8, 8, 0]);
    }
  });

  for (const isAsync of [false, true]) {
    for (const how of ["break", "return", "throw"]) {
      it(`aborts what is in flight at a ${how}, ${isAsync ? "async" : "sync"} input`, async (t) => {
        const sandbox = await sandboxFor(t);
        const { tasks } = await captchas(sandbox, 1);
        await sandbox.script(
          { method: "getTaskResult", reply: { kind: "rules" } },
          { method: "getTaskResult", times: 9, reply: HANG },
        );
        const { signal } = new AbortController();
        const many = [...tasks, ...Array.from({ length: 20 }, () => UNKNOWN)];
        const { input, seen } = watched(many, { isAsync });
        let leftAt;
        const loop = async () => {
          const options = { concurrency: 4, signal };
          for await (const record of sandbox.client().solveAll(input, options)) {
            assert.equal(record.status, "fulfilled");
            const looks = async () => (await sandbox.requests("getTaskResult")).length;
            await eventually(async () => (await looks()) === 4, "all four are looked at");
            assert.equal(getEventListeners(signal, "abort").length, 1);
            leftAt = performance.now();
            if (how === "break") break;
            if (how === "return") return "returned";
            throw new Error("thrown");
          }
          return "left";
        };
        const end = await loop().catch(({ message }) => message);
        const ms = performance.now() - leftAt;
        assert.equal(end, { break: "left", return: "returned", throw: "thrown" }[how]);
        assert.ok(ms < 1_000, `${ms} ms`);
        assert.deepEqual(seen, { taken: 4, returned: 1 });
        await eventually(async () => {
          const looks = await sandbox.requests("getTaskResult");
          return looks.filter(({ aborted }) => aborted).length === 3;
        }, "the service sees the aborts");
        assert.equal(getEventListeners(signal, "abort").length, 0);
        await sleep(2_500);
        assert.equal((await sandbox.requests()).length, 8);
      });
    }
  }

  it("waits for the input's own end at a break, and lets its error through", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 3);
    const client = sandbox.client();
    let closed = false;
    async function* input() {
      try {
        yield* tasks;
      } finally {
        await sleep(200);
        closed = true;
      }
    }
    for await (const _ of client.solveAll(input(), { concurrency: 2 })) break;
    assert.equal(closed, true);
    function* failing() {
      try {
        yield* tasks;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
        throw new Error("cannot be closed");
      }
    }
    const left = async () => {
      for await (const _ of client.solveAll(failing(), { concurrency: 2 })) break;
    };
    assert.equal((await rejection(left())).message, "cannot be closed");
  });

  it("does not wait for an input that is at work forever", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 1);
    let returned = 0;
    const iterator = {
      next: () => (tasks.length ? Promise.resolve({ value: tasks.pop() }) : new Promise(() => {})),
      return: () => {
        returned += 1;
        return Promise.reject(new Error("nobody hears this"));
      },
    };
    const input = { [Symbol.asyncIterator]: () => iterator };
    // Its record is not delayed by it either.
    for await (const record of sandbox.client().solveAll(input)) {
      assert.equal(record.status, "fulfilled");
      break;
    }
    assert.equal(returned, 1);
  });

  it("says what cannot be used before anything is sent or taken", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    for (const concurrency of [0, 1_001, 1.5, -1, Number.NaN, "8", null]) {
      const { input, seen } = watched([UNKNOWN]);
      const option = { option: "concurrency" };
      const loop = all(client.solveAll(input, { concurrency }));
      await failure(loop, OptionsError, "INVALID_OPTIONS", option);
      assert.deepEqual(seen, { taken: 0, returned: 1 });
    }
    for (const [options, option] of [
      [{ concurency: 4 }, "concurency"],
      [{ signal: {} }, "signal"],
      [{ onProgress: 5 }, "onProgress"],
      [{ pollIntervalMs: 5 }, "pollIntervalMs"],
      [5, "options"],
    ]) {
      await failure(all(client.solveAll([], options)), OptionsError, "INVALID_OPTIONS", { option });
    }
    for (const tasks of [undefined, null, 5, {}, UNKNOWN]) {
      await failure(all(client.solveAll(tasks)), TaskError, "INVALID_TASK", { field: "tasks" });
    }
    const badClient = sandbox.client({ maxRetries: -1 });
    await failure(all(badClient.solveAll([])), OptionsError, "INVALID_OPTIONS", {
      option: "maxRetries",
    });
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("does nothing until it is iterated", async (t) => {
    const sandbox = await sandboxFor(t);
    const { input, seen } = watched([UNKNOWN]);
    const records = sandbox.client().solveAll(input, { concurrency: -1 });
    assert.equal(records[Symbol.asyncIterator](), records);
    assert.deepEqual(await records.return(), { done: true, value: undefined });
    assert.deepEqual(seen, { taken: 0, returned: 0 });
  });

  it("reports every task to the listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 5);
    const events = [];
    const onProgress = ({ type, taskId }) => events.push([type, taskId]);
    const records = await all(sandbox.client().solveAll(tasks, { onProgress }));
    const ids = records.map(({ value }) => value.taskId).sort();
    for (const type of ["created", "poll"]) {
      const reported = events.filter(([kind]) => kind === type).map(([, taskId]) => taskId);
      assert.deepEqual(reported.sort(), ids);
    }
  });

  it("may be left by its listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 3);
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = () => controller.abort("enough");
    const loop = all(sandbox.client().solveAll(tasks, { signal, onProgress }));
    assert.equal(await rejection(loop), "enough");
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  it("queues records that are asked for at once", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 3);
    const records = sandbox.client().solveAll(tasks);
    const steps = await Promise.all(Array.from({ length: 5 }, () => records.next()));
    assert.deepEqual(
      steps.map(({ done }) => done),
      [false, false, false, true, true],
    );
    assert.equal(new Set(steps.slice(0, 3).map(({ value }) => value.index)).size, 3);
  });

  it("two batches of a client do not disturb each other", async (t) => {
    const sandbox = await sandboxFor(t);
    const { tasks } = await captchas(sandbox, 4);
    const client = sandbox.client();
    const other = all(client.solveAll(tasks));
    for await (const _ of client.solveAll(tasks)) break;
    assert.deepEqual(
      (await other).map(({ status }) => status),
      Array(4).fill("fulfilled"),
    );
  });

  it("has 300 tasks solved, 100 at once, and gives no warning", async (t) => {
    const sandbox = await sandboxFor(t);
    const { base64 } = await sandbox.captcha();
    const seen = await runForJson(`
      import { getEventListeners } from "node:events";
      import { Client } from "capwire";
      const warnings = [];
      process.on("warning", (warning) => warnings.push(warning.message));
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const tasks = Array(300).fill({ type: "ImageToTextTask", body: "${base64}" });
      const { signal } = new AbortController();
      const statuses = {};
      for await (const { status } of client.solveAll(tasks, { concurrency: 100, signal })) {
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      const listeners = getEventListeners(signal, "abort").length;
      console.log(JSON.stringify({ statuses, warnings, listeners }));
    `);
    assert.deepEqual(seen, { statuses: { fulfilled: 300 }, warnings: [], listeners: 0 });
  });

  it("lets a process end by itself, left or not", async (t) => {
    const sandbox = await sandboxFor(t);
    const { base64 } = await sandbox.captcha();
    const script = (body) => `
      import { Client } from "capwire";
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const tasks = Array(4).fill({ type: "ImageToTextTask", body: "${base64}" });
      let count = 0;
      ${body}
      console.log(count);
    `;
    const bodies = [
      "for await (const _ of client.solveAll(tasks)) count += 1;",
      "for await (const _ of client.solveAll(tasks)) { count += 4; break; }",
      // Neither finished nor cancelled.
      "await client.solveAll(tasks).next(); count = 4;",
    ];
    for (const body of bodies) {
      const { value, ms } = await timed(() => runForJson(script(body)));
      assert.equal(value, 4);
      assert.ok(ms < 8_000, `${ms} ms`);
    }
  });
});
