// An abort stops a call at any point, rejects with the signal's own reason, and leaves nothing behind.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Client } from "capwire";
import { eventually, rejection, timed } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const BALANCE = '{"errorId":0,"balance":1}';
const HANG = { kind: "hang", where: "in-body" };
const PROCESSING = { kind: "json", body: { errorId: 0, status: "processing" } };
const IMAGE_TASK = { type: "ImageToTextTask", body: new Uint8Array(200).fill(7) };

/** Reasons that a caller may give. The call must reject with the same value. */
const REASONS = {
  "the default": () => undefined,
  "an Error": () => new Error("enough"),
  "an object": () => ({ code: "ENOUGH" }),
  text: () => "enough",
  null: () => null,
  "a number": () => 0,
  "a symbol": () => Symbol("enough"),
};

/** The points at which a call can be: the reply of the sandbox, the call, and when to abort it. */
const PLACES = {
  "in createTask": {
    script: [{ reply: HANG }],
    requests: 1,
    start: (client, options) => client.createTask(IMAGE_TASK, options),
    when: (sandbox) => eventually(async () => (await sandbox.requests()).length > 0, "a request"),
  },
  "in the pause before createTask is repeated": {
    script: [{ reply: { kind: "text", status: 429, headers: { "retry-after": "30" } } }],
    requests: 1,
    start: (client, options) => client.createTask(IMAGE_TASK, options),
    when: (_, reported) => eventually(() => reported("retry"), "a retry"),
  },
  "in the first delay": {
    script: [{ method: "createTask", reply: { kind: "json", body: { errorId: 0, taskId: 5 } } }],
    requests: 1,
    // A delay of a second: only time shows that the call has not ended yet.
    start: (client, options) => client.solve(TOKEN_TASK, options),
    when: (_, reported) => eventually(() => reported("created"), "the task"),
  },
  "in a result request": {
    script: [{ method: "getTaskResult", reply: HANG }],
    requests: 2,
    start: (client, options) => client.solve(IMAGE_TASK, options),
    when: (sandbox) => eventually(async () => (await sandbox.requests()).length > 1, "a poll"),
  },
  "between result requests": {
    script: [{ method: "getTaskResult", reply: PROCESSING }],
    requests: 2,
    start: (client, options) => client.solve(IMAGE_TASK, options),
    when: (_, reported) => eventually(() => reported("poll"), "a poll's answer"),
  },
  "in waitForResult": {
    script: [{ method: "getTaskResult", reply: HANG }],
    requests: 1,
    start: (client, options) => client.waitForResult(5, options),
    when: (sandbox) => eventually(async () => (await sandbox.requests()).length > 0, "a poll"),
  },
  "in getTaskResult": {
    script: [{ method: "getTaskResult", reply: HANG }],
    requests: 1,
    start: (client, { signal }) => client.getTaskResult(5, { signal }),
    when: (sandbox) => eventually(async () => (await sandbox.requests()).length > 0, "a poll"),
  },
  "in getBalance": {
    script: [{ method: "getBalance", reply: { kind: "hang", where: "before-headers" } }],
    requests: 1,
    start: (client, { signal }) => client.getBalance({ signal }),
    when: (sandbox) => eventually(async () => (await sandbox.requests()).length > 0, "a request"),
  },
};

/** The points at which a request is under way. The service sees it broken off. */
const UNDER_WAY = new Set([
  "in createTask",
  "in a result request",
  "in waitForResult",
  "in getTaskResult",
  "in getBalance",
]);

describe("an abort", { concurrency: true, timeout: 300_000 }, () => {
  const reasons = Object.entries(REASONS);
  for (const [index, [where, place]] of Object.entries(PLACES).entries()) {
    // Two of the reasons at each point: every combination would show nothing more.
    for (const [what, made] of [reasons[0], reasons[1 + (index % (reasons.length - 1))]]) {
      it(`${where}, with ${what} as its reason`, async (t) => {
        const sandbox = await sandboxFor(t);
        await sandbox.script(...place.script);
        const controller = new AbortController();
        const { signal } = controller;
        const events = [];
        const call = place.start(sandbox.client(), {
          signal,
          onProgress: (event) => events.push(event.type),
        });
        await Promise.race([place.when(sandbox, (type) => events.includes(type)), call]);
        controller.abort(made());
        const { value: reason, ms } = await timed(() => rejection(call));
        assert.ok(ms < 1_000, `it took ${ms} ms`);
        assert.equal(reason, signal.reason);
        assert.equal(getEventListeners(signal, "abort").length, 0);
        if (UNDER_WAY.has(where)) {
          const last = async () => (await sandbox.requests()).at(-1);
          await eventually(async () => (await last()).aborted === true, "the service sees it");
        }
        // Nothing more is sent, and no event is reported.
        const reported = events.length;
        await sleep(2_500);
        assert.equal((await sandbox.requests()).length, place.requests);
        assert.equal(events.length, reported);
      });
    }
  }

  for (const [what, made] of Object.entries(REASONS)) {
    it(`before the call, with ${what} as its reason: nothing is sent`, async (t) => {
      const sandbox = await sandboxFor(t);
      const signal = AbortSignal.abort(made());
      const client = sandbox.client();
      for (const call of [
        client.getBalance({ signal }),
        client.createTask(IMAGE_TASK, { signal }),
        client.getTaskResult(5, { signal }),
        client.waitForResult(5, { signal }),
        client.solve(IMAGE_TASK, { signal }),
        client.solveImage(IMAGE_TASK.body, { signal }),
      ]) {
        assert.equal(await rejection(call), signal.reason);
      }
      assert.equal(getEventListeners(signal, "abort").length, 0);
      assert.deepEqual(await sandbox.requests(), []);
    });
  }

  it("while an image is being read", async (t) => {
    const sandbox = await sandboxFor(t);
    const controller = new AbortController();
    const { signal } = controller;
    const blob = { size: 200, arrayBuffer: () => new Promise(() => {}) };
    const call = sandbox.client().solveImage(blob, { signal });
    setTimeout(() => controller.abort("enough"), 50);
    assert.equal(await rejection(call), "enough");
    assert.equal(getEventListeners(signal, "abort").length, 0);
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("of AbortSignal.timeout()", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: HANG });
    const signal = AbortSignal.timeout(200);
    const reason = await rejection(sandbox.client().getBalance({ signal }));
    assert.equal(reason, signal.reason);
    assert.equal(reason.name, "TimeoutError");
  });

  it("of AbortSignal.any()", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: HANG });
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, new AbortController().signal]);
    const call = sandbox.client().getBalance({ signal });
    setTimeout(() => controller.abort("enough"), 100);
    assert.equal(await rejection(call), "enough");
  });

  it("in a listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const controller = new AbortController();
    const { signal } = controller;
    let created;
    const call = sandbox.client().solve(IMAGE_TASK, {
      signal,
      onProgress: (event) => {
        created = event.taskId;
        controller.abort();
      },
    });
    assert.equal(await rejection(call), signal.reason);
    // The task exists before the client knows its id.
    assert.ok(created > 0);
    assert.equal((await sandbox.requests()).length, 1);
  });

  it("after the call changes nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    const controller = new AbortController();
    const { signal } = controller;
    assert.equal(await sandbox.client().getBalance({ signal }), 10);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    controller.abort();
    await sleep(50);
    assert.notEqual((await sandbox.requests())[0].aborted, true);
  });

  it("of one call leaves another of the same client alone", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const client = sandbox.client();
    const controller = new AbortController();
    const aborted = client.solveImage(bytes, { signal: controller.signal });
    const other = client.solveImage(bytes, { signal: new AbortController().signal });
    setTimeout(() => controller.abort("enough"), 100);
    assert.equal(await rejection(aborted), "enough");
    assert.equal(await other, text);
  });

  it("a failed call leaves no listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const { signal } = new AbortController();
    const client = sandbox.client();
    await rejection(client.getTaskResult(5, { signal }));
    await rejection(client.solveImage("*", { signal }));
    await rejection(client.solve(IMAGE_TASK, { signal, timeoutMs: 100 }));
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  it("50 calls on one signal give no warning, and leave no listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const seen = await runForJson(`
      import { getEventListeners } from "node:events";
      import { Client } from "capwire";
      const warnings = [];
      process.on("warning", (warning) => warnings.push(warning.message));
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const { signal } = new AbortController();
      const calls = Array.from({ length: 50 }, () => client.getBalance({ signal }));
      const balances = await Promise.all(calls);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const listeners = getEventListeners(signal, "abort").length;
      console.log(JSON.stringify({ answered: balances.length, warnings, listeners }));
    `);
    assert.deepEqual(seen, { answered: 50, warnings: [], listeners: 0 });
  });

  it("a signal is left when the last of its calls has ended, in whatever order they do", async () => {
    const answer = { status: 200, headers: new Headers(), text: async () => BALANCE };
    /** A call that ends when it is told to. */
    const start = async (signal) => {
      let end;
      const fetch = () => {
        return new Promise((resolve) => {
          end = () => resolve(answer);
        });
      };
      const call = new Client({ clientKey: KEY, fetch }).getBalance({ signal });
      await eventually(() => end, "the request");
      return { call, end };
    };
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, "abort").length;
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 2, 0],
      [2, 1, 0],
    ]) {
      const calls = [await start(signal), await start(signal), await start(signal)];
      for (const [index, which] of order.entries()) {
        assert.equal(listeners(), 1);
        calls[which].end();
        assert.equal(await calls[which].call, 1);
        assert.equal(listeners(), index < 2 ? 1 : 0);
      }
    }
    // One that starts when the first has ended is aborted, too.
    const controller = new AbortController();
    const first = await start(controller.signal);
    const second = await start(controller.signal);
    first.end();
    await first.call;
    const third = await start(controller.signal);
    controller.abort("enough");
    assert.equal(await rejection(second.call), "enough");
    assert.equal(await rejection(third.call), "enough");
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  });

  it("a signal of its own makes a call little dearer", async () => {
    const script = pathToFileURL(join(import.meta.dirname, "helpers/signals.js"));
    // One run tells little while other tests run. The script is for the exact figure.
    const found = await runForJson(
      `process.argv[2] = "4000"; process.argv[3] = "5"; await import("${script}");`,
    );
    assert.ok(found.ratio < 2, JSON.stringify(found));
  });

  it("a signal of another realm will do", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: HANG });
    // Recognised by its shape, as one of a polyfill or of a frame.
    const target = new EventTarget();
    const signal = Object.assign(target, { aborted: false, reason: undefined });
    const call = sandbox.client().getBalance({ signal });
    setTimeout(() => {
      Object.assign(signal, { aborted: true, reason: "enough" });
      target.dispatchEvent(new Event("abort"));
    }, 100);
    assert.equal(await rejection(call), "enough");
  });

  it("a signal whose removal does nothing reaches nobody after the call", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    const listeners = [];
    const signal = {
      aborted: false,
      addEventListener: (_, listener) => listeners.push(listener),
      removeEventListener() {},
    };
    assert.equal(await client.getBalance({ signal }), 10);
    Object.assign(signal, { aborted: true, reason: "enough" });
    for (const listener of [...listeners, ...listeners]) listener();
    assert.equal(await client.getBalance(), 10);
  });

  it("a signal that aborts within the request, or calls back while it is listened to", async (t) => {
    const sandbox = await sandboxFor(t);
    const controller = new AbortController();
    const within = sandbox.client({
      fetch: () => {
        controller.abort("enough");
        return new Promise(() => {});
      },
    });
    assert.equal(await rejection(within.getBalance({ signal: controller.signal })), "enough");
    const hanging = sandbox.client({ fetch: () => new Promise(() => {}) });
    await hanging.ready();
    const signal = {
      aborted: false,
      addEventListener(_, listener) {
        Object.assign(this, { aborted: true, reason: "at once" });
        listener();
        listener();
      },
      removeEventListener() {},
    };
    assert.equal(await rejection(hanging.getBalance({ signal })), "at once");
  });
});
