// Options and tasks that throw, lie, are huge, or are not the caller's own: nothing is sent but what was meant.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, init, OptionsError, TaskError } from "capwire";
import { createNodeHttpFetch, nodeHttpFetch } from "capwire/node-http";
import ru from "capwire/ru";
import { failure, rejection } from "./helpers/assertions.js";
import { all } from "./helpers/many-tasks.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

const ANSWERS = {
  createTask: { errorId: 0 },
  getTaskResult: { errorId: 0, status: "ready", solution: { text: "w7kq" } },
  getBalance: { errorId: 0, balance: 1 },
  reportIncorrectImageCaptcha: { errorId: 0 },
};
const TASK = { type: "MadeUpTask" };
const boom = () => {
  throw new Error("boom");
};

/** A client, and what it sends. */
function clientWith(options = {}) {
  const sent = [];
  let taskId = 4;
  const fetch = async (url, init) => {
    const { body } = { __proto__: null, ...init };
    sent.push({ url, body });
    const method = url.split("/").at(-1);
    if (ANSWERS[method] === undefined) return new Response("Mozilla/5.0");
    // Each task has an id of its own: the result of one is asked for once in 2 s.
    return Response.json({
      ...ANSWERS[method],
      ...(method === "createTask" && { taskId: ++taskId }),
    });
  };
  return { client: new Client({ clientKey: KEY, fetch, ...options }), sent };
}

/** Every method, called with options. */
const METHODS = {
  getBalance: (client, options) => client.getBalance(options),
  createTask: (client, options) => client.createTask(TASK, options),
  getTaskResult: (client, options) => client.getTaskResult(5, options),
  waitForResult: (client, options) => client.waitForResult(5, options),
  solve: (client, options) => client.solve(TASK, options),
  solveImage: (client, options) => client.solveImage(new Uint8Array(200).fill(7).fill(7), options),
  reportIncorrect: (client, options) => client.reportIncorrect(5, "image", options),
  getUserAgent: (client, options) => client.getUserAgent(options),
  solveAll: (client, options) => all(client.solveAll([TASK], options)),
  parseCallback: (_, options) =>
    Client.parseCallback({ errorId: 0, status: "processing" }, options),
};

function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const HOSTILE = {
  "a getter that throws": () =>
    Object.defineProperty({}, "timeoutMs", { get: boom, enumerable: true }),
  "a getter of the signal that throws": () =>
    Object.defineProperty({}, "signal", { get: boom, enumerable: true }),
  "a getter of the listener that throws": () => ({
    get onProgress() {
      return boom();
    },
  }),
  "a revoked proxy": () => revoked(),
  "a revoked proxy as a signal": () => ({ signal: revoked() }),
  "a proxy that throws": () => new Proxy({}, { ownKeys: boom }),
  "a proxy whose members throw": () => new Proxy({ signal: 1 }, { get: boom }),
  "a revoked proxy of an array": () => revoked([]),
  "an array": () => [],
  "a function": () => () => {},
  "a text": () => "signal",
  "too many members": () =>
    Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`k${i}`, 1])),
  "a name of a million characters": () => ({ ["x".repeat(1_000_000)]: 1 }),
};

describe("options of a call", { concurrency: true, timeout: 60_000 }, () => {
  for (const [method, call] of Object.entries(METHODS)) {
    for (const [what, make] of Object.entries(HOSTILE)) {
      it(`${method}() refuses ${what}`, async () => {
        const { client, sent } = clientWith();
        await failure(call(client, make()), OptionsError, "INVALID_OPTIONS", { origin: "client" });
        assert.deepEqual(sent, []);
        assert.equal(await client.getBalance(), 1);
      });
    }
  }

  it("are read once, when the method is called", async () => {
    const { client } = clientWith();
    let reads = 0;
    const controller = new AbortController();
    const options = {
      get signal() {
        reads += 1;
        return reads === 1 ? controller.signal : boom();
      },
      timeoutMs: 5_000,
    };
    const waiting = client.waitForResult(5, options);
    options.timeoutMs = -1;
    assert.equal((await waiting).solution.text, "w7kq");
    assert.equal(reads, 1);
  });
});

describe("options of a client", { concurrency: true, timeout: 60_000 }, () => {
  for (const [what, options] of Object.entries({
    "a getter that throws": Object.defineProperty({ clientKey: KEY }, "fetch", {
      get: boom,
      enumerable: true,
    }),
    "a revoked proxy": revoked(),
    "a proxy that throws": new Proxy({}, { ownKeys: boom }),
    "an array": [],
    "a text": KEY,
    "a bound whose getter throws": {
      clientKey: KEY,
      imageLimits: Object.defineProperty({}, "maxBytes", { get: boom, enumerable: true }),
    },
    "a service whose getter throws": {
      clientKey: KEY,
      service: Object.defineProperty({}, "name", { get: boom, enumerable: true }),
    },
    "bounds that are a revoked proxy": { clientKey: KEY, imageLimits: revoked() },
    "messages that are a revoked proxy": { clientKey: KEY, messages: revoked() },
    "a fetch that is a revoked proxy": { clientKey: KEY, fetch: revoked() },
    "too many reports": {
      clientKey: KEY,
      service: {
        name: "x",
        baseUrl: "https://x.example",
        imageLimits: {},
        reports: Array(101).fill("image"),
      },
    },
    "a huge key": { clientKey: "k".repeat(10_000_000) },
    "a huge URL": { clientKey: KEY, baseUrl: `https://x.example/${"a".repeat(10_000_000)}` },
    "too many members": Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, 1])),
  })) {
    it(`are refused at the first call: ${what}`, async () => {
      const client = new Client(options);
      await failure(client.ready(), OptionsError, "INVALID_OPTIONS", { origin: "client" });
      await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS");
      await failure(all(client.solveAll([])), OptionsError, "INVALID_OPTIONS");
    });
  }

  it("a catalogue that throws, lies or is huge leaves its texts English", async () => {
    const english = await rejection(clientWith().client.getTaskResult("x"));
    const throwing = new Proxy({}, { get: boom, has: boom, getOwnPropertyDescriptor: boom });
    const huge = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, "x"]));
    for (const messages of [
      throwing,
      { codes: throwing, texts: revoked() },
      { codes: 5, texts: [] },
      { codes: { INVALID_TASK: { message: "x".repeat(2_000_000), hint: {} } } },
      { codes: huge, texts: huge },
      Object.create({ codes: { INVALID_TASK: { message: "inherited", hint: "inherited" } } }),
    ]) {
      const error = await rejection(clientWith({ messages }).client.getTaskResult("x"));
      assert.equal(error.message, english.message);
      assert.equal(error.hint, english.hint);
    }
    const { client } = clientWith({ messages: ru });
    assert.match((await rejection(client.getTaskResult("x"))).message, /[а-я]/);
  });
});

describe("init()", { timeout: 60_000 }, () => {
  it("of a value that throws rejects, and throws nothing itself", async () => {
    await clientWith().client.ready();
    for (const value of [revoked(), new Proxy({}, { get: boom }), Promise.reject(revoked())]) {
      await Promise.allSettled([init(value)]);
    }
    assert.equal(await clientWith().client.getBalance(), 1);
  });
});

// One after the other: they change every object of the process.
describe("what others put on every object", { timeout: 60_000 }, () => {
  const POLLUTED = {
    clientKey: "stolen",
    service: "brocapgpt",
    baseUrl: "https://evil.example",
    imageLimits: { minBytes: 9_000 },
    minBytes: 9_000,
    maxBytes: 1,
    requestTimeoutMs: 1,
    maxRetries: -1,
    softId: 666,
    keepAlive: true,
    messages: { codes: {} },
    codes: { INVALID_TASK: { message: "polluted", hint: "polluted" } },
    texts: { "a string": "polluted" },
    message: "polluted",
    hint: "polluted",
    fetch: async () => Response.json({ errorId: 0, balance: 666 }),
    signal: "x",
    onProgress: 5,
    timeoutMs: -1,
    firstDelayMs: -1,
    pollIntervalMs: 1,
    callbackUrl: "https://evil.example",
    concurrency: -1,
    name: "polluted",
    reports: 5,
    userAgentUrl: "https://evil.example",
    body: "polluted",
    method: "DELETE",
    headers: { evil: "yes" },
    agent: "polluted",
    cause: { name: "polluted", message: "polluted" },
    errorId: 1,
    errorCode: "ERROR_POLLUTED",
    taskId: 666,
    solution: { text: "polluted" },
    websiteURL: 5,
    numeric: 5,
  };

  /** Runs some work while every object inherits a member. */
  async function polluted(name, work) {
    const before = Object.getOwnPropertyDescriptor(Object.prototype, name);
    assert.equal(before, undefined);
    Object.defineProperty(Object.prototype, name, {
      value: POLLUTED[name],
      configurable: true,
      writable: true,
    });
    try {
      return await work();
    } finally {
      delete Object.prototype[name];
    }
  }

  for (const name of Object.keys(POLLUTED)) {
    it(`is not read: ${name}`, async () => {
      const fresh = await rejection(clientWith().client.getTaskResult("x"));
      await polluted(name, async () => {
        const { client, sent } = clientWith();
        assert.equal(await client.getBalance(), 1);
        assert.equal(await client.getBalance({}), 1);
        assert.equal(await client.createTask(TASK, {}), 5);
        const soon = name === "firstDelayMs" ? {} : { firstDelayMs: 0 };
        assert.equal(await client.solveImage(new Uint8Array(200).fill(7).fill(7), soon), "w7kq");
        const [record] = await all(client.solveAll([TASK], soon));
        assert.equal(record.status, "fulfilled");
        await client.reportIncorrect(5, "image", {});
        assert.equal(await client.getUserAgent({}), "Mozilla/5.0");
        const state = { errorId: 0, status: "processing" };
        assert.deepEqual(await Client.parseCallback(state, {}), { status: "processing" });
        assert.deepEqual(await Client.parseCallback(JSON.stringify(state)), {
          status: "processing",
        });
        for (const { url, body } of sent) {
          assert.match(url, /capmonster/);
          if (body === undefined) continue;
          assert.equal(JSON.parse(body).clientKey, KEY);
          assert.doesNotMatch(body, /polluted|evil|666/);
        }
        const error = await rejection(client.getTaskResult("x"));
        assert.deepEqual(Object.entries(error.toJSON()), Object.entries(fresh.toJSON()));
        await failure(new Client({}).ready(), OptionsError, "INVALID_OPTIONS");
      });
    });
  }

  it("is not read for real requests either, by either fetch", async (t) => {
    const sandbox = await sandboxFor(t);
    const ownAgent = createNodeHttpFetch();
    for (const name of Object.keys(POLLUTED)) {
      // Node itself reads these of every object, and fails.
      if (["signal", "size", "body"].includes(name)) continue;
      await polluted(name, async () => {
        for (const fetch of [nodeHttpFetch, ownAgent, createNodeHttpFetch({})]) {
          const answer = await fetch(`${sandbox.url()}/getBalance`, {
            method: "POST",
            body: JSON.stringify({ clientKey: KEY }),
          });
          assert.equal((await answer.json()).balance, 10, name);
          assert.equal(await sandbox.client({ fetch }).getBalance(), 10, name);
        }
      });
    }
    for (const { method, body } of await sandbox.requests()) {
      assert.deepEqual([method, body], ["getBalance", { clientKey: KEY }]);
    }
  });
});

describe("a task", { concurrency: 1, timeout: 120_000 }, () => {
  const complex = (imagesBase64) => ({
    type: "ComplexImageTask",
    class: "recaptcha",
    metadata: { Task: "Click on traffic lights", Grid: "3x3" },
    imagesBase64,
  });

  for (const [what, make, field] of [
    [
      "with 101 images",
      () => complex(Array(101).fill(new Uint8Array(200).fill(7).fill(7))),
      "imagesBase64",
    ],
    ["with eleven million images", () => complex(Array(11_000_000).fill(0)), "imagesBase64"],
    [
      "with an array that only says how long it is",
      () => complex(new Array(2 ** 32 - 1)),
      "imagesBase64",
    ],
    [
      "with images whose iterator never ends",
      () => {
        const list = [new Uint8Array(5)];
        list[Symbol.iterator] = function* () {
          for (;;) yield new Uint8Array(200).fill(7).fill(7);
        };
        return complex(list);
      },
      "imagesBase64",
    ],
    [
      "with images of a proxy that says other lengths",
      () => {
        let reads = 0;
        return complex(
          new Proxy([], { get: (_, name) => (name === "length" ? 10 ** ++reads * 100 : boom()) }),
        );
      },
      "imagesBase64",
    ],
    [
      "with millions of members",
      () => {
        const task = { ...TASK };
        for (let i = 0; i < 1_000_000; i += 1) task[`k${i}`] = 0;
        return task;
      },
      "task",
    ],
    [
      "with a member whose getter throws",
      () => Object.defineProperty({ ...TASK }, "x", { get: boom, enumerable: true }),
      "task",
    ],
    [
      "with a name of a million characters",
      () => ({ ...TASK, ["x".repeat(1_000_000)]: 0 }),
      "task",
    ],
    ["whose type has 100 million characters", () => ({ type: "x".repeat(100_000_000) }), "type"],
    [
      "whose URL has 100 million characters",
      () => ({
        type: "TurnstileTask",
        websiteURL: `https://x.example/${"a".repeat(100_000_000)}`,
        websiteKey: "x",
      }),
      "websiteURL",
    ],
  ]) {
    it(`${what} is refused before it is read`, async () => {
      const { client, sent } = clientWith();
      const task = make();
      const before = process.memoryUsage().external;
      const start = performance.now();
      const error = await rejection(client.createTask(task));
      assert.ok(performance.now() - start < 5_000);
      assert.ok(process.memoryUsage().external - before < 50e6, "it was copied into the module");
      assert.equal(error.field, field, String(error));
      assert.ok(error instanceof TaskError || error.name === "ImageError", String(error));
      assert.ok(error.message.length < 300, error.message);
      assert.deepEqual(sent, []);
      assert.equal(await client.getBalance(), 1);
    });
  }

  it("with 100 images is sent", async () => {
    const { client, sent } = clientWith();
    await client.createTask(complex(Array(100).fill(new Uint8Array(200).fill(7).fill(7))));
    assert.equal(JSON.parse(sent[0].body).task.imagesBase64.length, 100);
  });

  it("with a huge list in a field that the package does not know is passed on untouched", async () => {
    const { client, sent } = clientWith();
    await client.createTask({ ...TASK, list: Array(300_000).fill(0) });
    assert.equal(JSON.parse(sent[0].body).task.list.length, 300_000);
  });
});
