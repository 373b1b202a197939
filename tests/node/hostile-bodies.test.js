// Bytes and bodies that lie about their size, never end or never come: they are read no further than the limit.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { Client, ImageError, OptionsError, TransportError } from "capwire";
import { failure, rejection } from "./helpers/assertions.js";
import { rowsOf } from "./helpers/reliability-rows.js";
import { KEY } from "./helpers/sandbox.js";

const rows = rowsOf("hostile-bodies");
let order = 0;

/** A client, and the images that it sends. */
function clientWith(options = {}) {
  const sent = [];
  const fetch = async (_url, { body }) => {
    sent.push(JSON.parse(body).task.body);
    return Response.json({ errorId: 0, taskId: 5 });
  };
  return { client: new Client({ clientKey: KEY, fetch, ...options }), sent };
}

const task = (body) => ({ type: "ImageToTextTask", body });
const bytes = (length) => new Uint8Array(length).fill(7);
const lying = (object, members) =>
  Object.defineProperties(
    object,
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value }])),
  );

const OVER_4_GIB = 2 ** 32 + 300;
const endless = () => ({
  byteLength: 200,
  *[Symbol.iterator]() {
    for (;;) yield 1;
  },
});

describe("bytes that lie", { concurrency: 1, timeout: 60_000 }, () => {
  const given = (buffer, size = 200) => ({ size, arrayBuffer: async () => buffer });
  for (const [what, make] of Object.entries({
    "a blob that gives an object of 2 GiB": () => given({ byteLength: 200, length: 2 ** 31 }),
    "a blob that gives an object of 4 GiB": () => given({ byteLength: 200, length: OVER_4_GIB }),
    "a blob that gives an object with half a size": () => given({ byteLength: 200.5, length: 3 }),
    "a blob that gives an object of a negative size": () => given({ byteLength: -5, length: 3 }),
    "a blob that gives an endless iterable": () => given(endless()),
    "a blob that gives an array": () => given(Array(200).fill(1)),
    "a blob that gives a view": () => given(bytes(200)),
    "a blob that gives a number": () => given(2 ** 32),
    "a blob that gives nothing": () => given(undefined),
    "a blob that gives something with the name of a buffer": () =>
      given({ byteLength: 200, length: 2 ** 31, [Symbol.toStringTag]: "ArrayBuffer" }),
    "a blob that gives a detached buffer": () => {
      const buffer = bytes(200).buffer;
      structuredClone(buffer, { transfer: [buffer] });
      return given(buffer);
    },
    "a blob that gives more than it says": () => given(bytes(201).buffer),
    "a blob of no size": () => given(bytes(200).buffer, Number.NaN),
    "a blob of a negative size": () => given(bytes(200).buffer, -1),
    "a blob of an endless size": () => given(bytes(200).buffer, Number.POSITIVE_INFINITY),
    "a blob whose size is another each time": () => {
      let looks = 0;
      return {
        get size() {
          looks += 1;
          return looks === 1 ? 200 : 9e9;
        },
        arrayBuffer: async () => bytes(900_000).buffer,
      };
    },
    "a blob that only has a stream": () => ({ size: 200, stream: () => new Blob(["x"]).stream() }),
    "a blob that rejects": () => ({ size: 200, arrayBuffer: () => Promise.reject(undefined) }),
    "a view of another buffer": () => lying(bytes(200), { buffer: { length: 2 ** 31 } }),
    "a view of something with the name of a buffer": () =>
      lying(bytes(200), { buffer: { length: 2 ** 31, [Symbol.toStringTag]: "ArrayBuffer" } }),
    "a view before its buffer": () => lying(bytes(200), { byteOffset: -1 }),
    "a view beyond its buffer": () => lying(bytes(200), { byteOffset: 150 }),
    "a view of 4 GiB": () => lying(bytes(200), { byteLength: OVER_4_GIB }),
    "a view longer than its buffer": () => lying(bytes(200), { byteLength: 300 }),
    "a view of no length": () => lying(bytes(200), { byteLength: Number.NaN }),
    "a view whose length is another each time": () => {
      let looks = 0;
      const view = bytes(30_000_000);
      return Object.defineProperty(view, "byteLength", {
        get: () => (++looks === 1 ? 200 : 30_000_000),
      });
    },
    "something with the name of a buffer": () => ({
      byteLength: 200,
      length: 2 ** 31,
      [Symbol.toStringTag]: "ArrayBuffer",
    }),
    "a detached view": () => {
      const view = bytes(200);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      return view;
    },
  })) {
    const place = order++;
    it(`${what} are refused, and nothing is sent`, async () => {
      const { client, sent } = clientWith();
      const before = process.memoryUsage();
      const start = performance.now();
      const image = make();
      const error = await rejection(client.createTask(task(image)));
      assert.ok(error instanceof ImageError, String(error));
      assert.match(error.code, /^(INVALID_IMAGE|ERROR_(ZERO|TOO_BIG)_CAPTCHA_FILESIZE)$/);
      assert.ok(performance.now() - start < 2_000);
      assert.ok(process.memoryUsage().rss - before.rss < 150e6, "it was read");
      assert.deepEqual(sent, []);
      await client.createTask(task(bytes(200)));
      assert.equal(sent.length, 1, "the next call works");
      const outcome = `\`${error.name}\` \`${error.code}\`, nothing sent`;
      rows.add(place, { place: "Images that lie about their size", fault: what, outcome, runs: 1 });
    });
  }

  it("that grow while others are read are read up to what they had", async () => {
    const buffer = new ArrayBuffer(200, { maxByteLength: 3_000_000 });
    const view = new Uint8Array(buffer).fill(7);
    const { client, sent } = clientWith();
    let grow = () => {};
    const slow = {
      size: 200,
      arrayBuffer: () => new Promise((resolve) => (grow = () => resolve(bytes(200).buffer))),
    };
    const complex = (imagesBase64) => ({
      type: "ComplexImageTask",
      class: "recaptcha",
      metadata: { Task: "Click on traffic lights", Grid: "3x3" },
      imagesBase64,
    });
    const creating = client.createTask(complex([slow, view]));
    creating.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    buffer.resize(3_000_000);
    grow();
    await failure(creating, ImageError, "ERROR_TOO_BIG_CAPTCHA_FILESIZE", { size: 3_000_000 });
    buffer.resize(200);
    await client.createTask(task(view));
    assert.equal(sent[0], Buffer.alloc(200, 7).toString("base64"));
  });

  it("but those that only are of a rare kind are sent", async () => {
    const { client, sent } = clientWith();
    const expected = Buffer.alloc(200, 7).toString("base64");
    const filled = (buffer) => {
      new Uint8Array(buffer).fill(7);
      return buffer;
    };
    for (const image of [
      new Uint8Array(filled(new SharedArrayBuffer(200))),
      filled(new SharedArrayBuffer(200)),
      new DataView(filled(new ArrayBuffer(300)), 50, 200),
      new Uint16Array(filled(new ArrayBuffer(200))),
      filled(new ArrayBuffer(200)),
      { size: 200.5, arrayBuffer: async () => filled(new ArrayBuffer(200)) },
      { size: 9_999, arrayBuffer: async () => filled(new SharedArrayBuffer(200)) },
    ]) {
      await client.createTask(task(image));
      assert.equal(sent.pop(), expected);
    }
  });

  it("a blob that never gives its bytes ends with the call's time", async () => {
    const { client, sent } = clientWith();
    const never = { size: 200, arrayBuffer: () => new Promise(() => {}) };
    const call = client.createTask(task(never), { timeoutMs: 100 });
    await failure(call, TransportError, "REQUEST_TIMEOUT", { origin: "client" });
    assert.deepEqual(sent, []);
  });
});

const post = (body) =>
  new Request("https://shop.example", { method: "POST", body, duplex: "half" });
const text = (chunk) => new TextEncoder().encode(chunk);

describe("the body of a callback", { concurrency: true, timeout: 60_000 }, () => {
  const NEVER_ENDING = {
    "that begins and never ends": () => {
      const seen = { cancelled: false };
      const source = {
        start: (controller) => controller.enqueue(text('{"errorId":0,')),
        cancel: () => {
          seen.cancelled = true;
        },
      };
      return { seen, body: post(new ReadableStream(source)) };
    },
    "that never begins": () => {
      const seen = { cancelled: false };
      const source = {
        pull: () => new Promise(() => {}),
        cancel: () => {
          seen.cancelled = true;
          return new Promise(() => {});
        },
      };
      return { seen, body: post(new ReadableStream(source)) };
    },
    "that comes drop by drop": () => {
      const seen = { cancelled: false };
      let timer;
      const source = {
        start: (controller) => {
          timer = setInterval(() => controller.enqueue(text(" ")), 5);
        },
        cancel: () => {
          clearInterval(timer);
          seen.cancelled = true;
          throw new Error("nobody hears this");
        },
      };
      return { seen, body: post(new ReadableStream(source)) };
    },
    "whose text() never settles": () => ({
      body: { bodyUsed: false, text: () => new Promise(() => {}) },
    }),
    "whose reader never answers": () => ({
      body: {
        text() {},
        body: { getReader: () => ({ read: () => new Promise(() => {}) }) },
      },
    }),
  };
  for (const [what, make] of Object.entries(NEVER_ENDING)) {
    const place = order++;
    it(`${what} is left when its time is over`, async () => {
      const { body, seen } = make();
      const start = performance.now();
      const call = Client.parseCallback(body, { timeoutMs: 200 });
      await failure(call, TransportError, "REQUEST_TIMEOUT", {
        origin: "transport",
        retryable: false,
        taskId: undefined,
      });
      const ms = performance.now() - start;
      assert.ok(ms > 150 && ms < 3_000, `${ms} ms`);
      if (seen) assert.equal(seen.cancelled, true);
      rows.add(place, {
        place: "Bodies of callbacks",
        fault: `a body ${what}`,
        outcome: "`TransportError` `REQUEST_TIMEOUT` after `timeoutMs`",
        runs: 1,
      });
    });

    it(`${what} is left when its signal aborts`, async () => {
      const { body, seen } = make();
      const controller = new AbortController();
      const call = Client.parseCallback(body, { signal: controller.signal });
      const reason = { enough: true };
      setTimeout(() => controller.abort(reason), 50);
      assert.equal(await rejection(call), reason);
      if (seen) assert.equal(seen.cancelled, true);
    });
  }

  it("is left after 5 s by default", async () => {
    const { body } = NEVER_ENDING["that begins and never ends"]();
    const start = performance.now();
    await failure(Client.parseCallback(body), TransportError, "REQUEST_TIMEOUT");
    const ms = performance.now() - start;
    assert.ok(ms > 4_900 && ms < 8_000, `${ms} ms`);
  });

  it("that ends late, but in time, is read", async () => {
    const source = {
      start: (controller) => {
        controller.enqueue(text('{"errorId":0,"status":'));
        setTimeout(() => {
          controller.enqueue(text('"processing"}'));
          controller.close();
        }, 100);
      },
    };
    const state = await Client.parseCallback(post(new ReadableStream(source)), {
      timeoutMs: 3_000,
    });
    assert.deepEqual(state, { status: "processing" });
  });

  it("is not read for a signal that is aborted already", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (const body of ["{}", { errorId: 0 }, post("{}"), 5]) {
      const error = await rejection(Client.parseCallback(body, { signal }));
      if (body === 5) assert.ok(error === reason || error instanceof OptionsError);
      else assert.equal(error, reason);
    }
  });

  it("refuses options that it does not have", async () => {
    for (const [options, option] of [
      [{ timeoutMs: 0 }, "timeoutMs"],
      [{ timeoutMs: "5" }, "timeoutMs"],
      [{ signal: {} }, "signal"],
      [{ onProgress() {} }, "onProgress"],
    ]) {
      const call = Client.parseCallback({ errorId: 0, status: "processing" }, options);
      await failure(call, OptionsError, "INVALID_OPTIONS", { option });
    }
  });

  it("of a gigabyte is not copied, and stops the source that it is too large for", async () => {
    const before = process.memoryUsage();
    const huge = new Uint8Array(600_000_000);
    await failure(Client.parseCallback(huge), TransportError, "BAD_RESPONSE");
    await failure(Client.parseCallback("x".repeat(400_000_000)), TransportError, "BAD_RESPONSE");
    assert.ok(process.memoryUsage().rss - before.rss < 600e6, "it was copied");
    let cancelled = 0;
    const source = {
      pull: (controller) => controller.enqueue(bytes(1_000_000)),
      cancel: () => {
        cancelled += 1;
      },
    };
    const call = Client.parseCallback(post(new ReadableStream(source)));
    await failure(call, TransportError, "BAD_RESPONSE");
    assert.equal(cancelled, 1);
  });
});

describe("an endless stream of chunks that are there at once", { concurrency: 1 }, () => {
  for (const [what, chunk] of Object.entries({ nothing: 0, "one byte": 1, "three bytes": 3 })) {
    for (const kind of ["fetch", "callback", "a reader of its own"]) {
      it(`of ${what} keeps the event loop from its timers for a moment: ${kind}`, async (t) => {
        const worker = new Worker(
          `
          import { parentPort } from "node:worker_threads";
          import { Client } from "capwire";
          const chunk = () => new Uint8Array(${chunk}).fill(0x20);
          const stream = () => new ReadableStream({ pull: (it) => it.enqueue(chunk()) });
          const reader = { read: async () => ({ done: false, value: chunk() }) };
          const calls = {
            fetch: () => new Client({
              clientKey: "${KEY}", requestTimeoutMs: 1_000, maxRetries: 0,
              fetch: async () => new Response(stream()),
            }).getBalance(),
            callback: () => Client.parseCallback(
              new Request("http://x.example", { method: "POST", body: stream(), duplex: "half" }),
            ),
            "a reader of its own": () => new Client({
              clientKey: "${KEY}", requestTimeoutMs: 1_000, maxRetries: 0,
              fetch: async () => ({ status: 200, headers: new Headers(), body: { getReader: () => reader } }),
            }).getBalance(),
          };
          await new Client({ clientKey: "${KEY}" }).ready();
          let longest = 0;
          let last = performance.now();
          const timer = setInterval(() => {
            longest = Math.max(longest, performance.now() - last);
            last = performance.now();
          }, 10);
          const error = await calls["${kind}"]().catch((error) => error);
          await new Promise((resolve) => setTimeout(resolve, 30));
          clearInterval(timer);
          parentPort.postMessage({ name: error.name, code: error.code, longest });`,
          { eval: true, execArgv: ["--input-type=module"] },
        );
        t.after(() => worker.terminate());
        const { name, code, longest } = await new Promise((resolve, reject) => {
          worker.once("message", resolve).once("error", reject);
          setTimeout(() => reject(new Error("the event loop stands still")), 15_000).unref();
        });
        assert.equal(name, "TransportError");
        assert.match(code, /^(NETWORK|BAD_RESPONSE|REQUEST_TIMEOUT)$/);
        assert.ok(longest < 1_500, `${longest} ms`);
        t.diagnostic(`${Math.round(longest)} ms`);
      });
    }
  }
});
