// An injected fetch may do anything; the call settles with an error that says what happened.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { Client, OptionsError, TransportError } from "capwire";
import { everythingIn, failure } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const clientWith = (fetch, options) =>
  new Client({ clientKey: KEY, baseUrl: "https://api.example/path", fetch, ...options });

/** An object whose members all throw when they are read. */
const hostile = () =>
  new Proxy(
    {},
    {
      get() {
        throw new Error("do not look");
      },
      has() {
        throw new Error("do not look");
      },
      getPrototypeOf() {
        throw new Error("do not look");
      },
      ownKeys() {
        throw new Error("do not look");
      },
    },
  );

const getter = (name) => ({
  get [name]() {
    throw new Error("do not look");
  },
});

const used = async () => {
  const response = new Response('{"errorId":0,"balance":1}');
  await response.text();
  return response;
};

describe("an injected fetch", { concurrency: true, timeout: 120_000 }, () => {
  it("is called with this undefined, an address and a RequestInit", async () => {
    const calls = [];
    const client = clientWith(function (...args) {
      calls.push([this, args]);
      return Response.json({ errorId: 0, balance: 1 });
    });
    assert.equal(await client.getBalance(), 1);
    assert.equal(calls.length, 1);
    const [[self, [url, init, ...more]]] = calls;
    assert.equal(self, undefined);
    assert.deepEqual(more, []);
    assert.equal(url, "https://api.example/path/getBalance");
    assert.equal(init.method, "POST");
    assert.equal(init.body, JSON.stringify({ clientKey: KEY }));
    assert.ok(init.signal instanceof AbortSignal);
    // Redirects refused, credentials omitted, no referrer, no cache.
    const { redirect, credentials, referrerPolicy, cache } = init;
    assert.deepEqual(
      { redirect, credentials, referrerPolicy, cache },
      {
        redirect: "manual",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        cache: "no-store",
      },
    );
    const request = new Request(url, init);
    assert.equal(request.headers.get("content-type"), "application/json");
  });

  for (const status of [0, Number.NaN, -1]) {
    it(`with the status ${status} may have created a task`, async () => {
      const fetch = async () => ({ status, headers: new Headers(), text: async () => "" });
      const creating = clientWith(fetch).createTask(TOKEN_TASK);
      await failure(creating, TransportError, "NETWORK", { mayHaveCreatedTask: true });
    });
  }

  it("with the status 0 of a redirect has certainly created none", async () => {
    const response = { status: 0, type: "opaqueredirect", headers: new Headers(), body: null };
    const fetch = async () => ({ ...response, text: async () => "" });
    const creating = clientWith(fetch).createTask(TOKEN_TASK);
    await failure(creating, TransportError, "HTTP_STATUS", { mayHaveCreatedTask: false });
  });

  for (const when of ["before", "after"]) {
    it(`is read no further once its request is given up ${when} it answers`, async () => {
      let reads = 0;
      let cancelled = 0;
      const read = async () => {
        await sleep(10);
        reads += 1;
        return { done: false, value: new Uint8Array([32]) };
      };
      const cancel = async () => {
        cancelled += 1;
      };
      const body = { getReader: () => ({ read, cancel }) };
      const fetch = async () => {
        if (when === "before") await sleep(100);
        return { status: 200, headers: new Headers(), body };
      };
      const client = clientWith(fetch, { requestTimeoutMs: 50, maxRetries: 0 });
      await failure(client.getBalance(), TransportError, "REQUEST_TIMEOUT");
      await sleep(200);
      const seen = reads;
      await sleep(200);
      assert.deepEqual([reads, cancelled], [seen, 1]);
    });
  }

  it("is used forevery request, and may wrap the platform's own", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const urls = [];
    const client = sandbox.client({
      fetch: (url, init) => {
        urls.push(url);
        return fetch(url, { ...init, headers: { ...init.headers, "x-sandbox-address": "me" } });
      },
    });
    assert.equal(await client.solveImage(bytes), text);
    const base = sandbox.url();
    assert.deepEqual(urls, [`${base}/createTask`, `${base}/getTaskResult`]);
  });

  const answers = {
    "a Response": () => Response.json({ errorId: 0, balance: 2 }),
    "a promise of a Response": async () => Response.json({ errorId: 0, balance: 2 }),
    // biome-ignore lint/suspicious/noThenProperty: this is what is tested
    "a thenable": () => ({ then: (done) => done(Response.json({ errorId: 0, balance: 2 })) }),
    "an object of the same shape as a Response": () => ({
      status: 200,
      headers: new Headers(),
      text: async () => '{"errorId":0,"balance":2}',
    }),
    "a Response with a body in many parts": () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            for (const byte of new TextEncoder().encode('{"errorId":0,"balance":2,"x":"ü"}')) {
              controller.enqueue(Uint8Array.of(byte));
              await null;
            }
            controller.close();
          },
        }),
      ),
  };
  for (const [what, answer] of Object.entries(answers)) {
    it(`may give ${what}`, async () => {
      assert.equal(await clientWith(answer).getBalance(), 2);
    });
  }

  const thrown = {
    "an Error": () => new Error("no way"),
    "an Error of another realm's kind": () => ({ name: "TypeError", message: "no way" }),
    "a DOMException": () => new DOMException("no way", "NetworkError"),
    text: () => "no way",
    undefined: () => undefined,
    null: () => null,
    "a number": () => 5,
    "a symbol": () => Symbol("no way"),
    "a function": () => () => {},
    "an object without a prototype": () => Object.create(null),
    "an object whose message throws": () => getter("message"),
    "an object whose cause throws": () => getter("cause"),
    "an object whose every member throws": hostile,
    "an Error that is its own cause": () => {
      const error = new Error("no way");
      error.cause = error;
      return error;
    },
    "an Error with a name that is not text": () => Object.assign(new Error("no way"), { name: {} }),
  };
  for (const [what, made] of Object.entries(thrown)) {
    it(`may throw ${what}, or reject with it`, async () => {
      const reject = () => Promise.reject(made());
      const raise = () => {
        throw made();
      };
      for (const fetch of [reject, raise]) {
        const client = clientWith(fetch);
        const fields = { origin: "transport", httpStatus: undefined, service: "capmonster" };
        const error = await failure(client.getBalance(), TransportError, "NETWORK", fields);
        assert.ok(error.cause instanceof Error);
        assert.equal(error.mayHaveCreatedTask, undefined);
        // The client can't know whether it was sent.
        await failure(client.createTask(TOKEN_TASK), TransportError, "NETWORK", {
          mayHaveCreatedTask: true,
          retryable: false,
        });
      }
    });
  }

  const none = {
    undefined: () => undefined,
    null: () => null,
    "an empty object": () => ({}),
    text: () => '{"errorId":0,"balance":1}',
    "a number": () => 200,
    "the parsed answer": () => ({ errorId: 0, balance: 1, taskId: 5 }),
    "what axios gives": () => ({ data: { errorId: 0, taskId: 5 }, status: 200, headers: {} }),
    "what undici's request gives": async () => ({ statusCode: 200, body: new Response("{}").body }),
    "an object whose status throws": () => getter("status"),
    "a status and headers": () => ({ status: 200, headers: new Headers() }),
  };
  for (const [what, answer] of Object.entries(none)) {
    it(`may give ${what}, which is no Response: an OptionsError`, async () => {
      const client = clientWith(answer);
      const fields = { origin: "transport", option: "fetch", retryable: false };
      const error = await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS", fields);
      assert.match(error.message, /`fetch` has given .*not a Response/);
      assert.match(error.hint, /Response/);
      assert.equal(error.mayHaveCreatedTask, undefined);
      // It may have been sent, and bought.
      const bought = { ...fields, mayHaveCreatedTask: true };
      await failure(client.createTask(TOKEN_TASK), OptionsError, "INVALID_OPTIONS", bought);
      assert.equal(
        (await failure(client.getTaskResult(5), OptionsError, "INVALID_OPTIONS", fields)).taskId,
        5,
      );
    });
  }

  it("that gives no Response ends a batch, whose tasks would all be lost", async () => {
    let calls = 0;
    const client = clientWith(() => {
      calls += 1;
    });
    const records = [];
    for await (const record of client.solveAll(Array(9).fill(TOKEN_TASK))) records.push(record);
    assert.equal(calls, 1);
    assert.equal(records.length, 1);
    assert.equal(records[0].reason.mayHaveCreatedTask, true);
  });

  it("of another kind is refused before anything is sent", async () => {
    let calls = 0;
    const other = (members) => Object.assign(async () => (calls += 1), members);
    const axios = other({ interceptors: {}, request() {}, get() {} });
    const got = other({ stream() {}, extend() {} });
    for (const fetch of [axios, got]) {
      const client = clientWith(fetch);
      const fields = { origin: "client", option: "fetch" };
      await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS", fields);
      await failure(client.createTask(TOKEN_TASK), OptionsError, "INVALID_OPTIONS", fields);
    }
    assert.equal(calls, 0);
    // ky gives a Response.
    const ky = Object.assign(() => Response.json({ errorId: 0, balance: 2 }), {
      get() {},
      extend() {},
    });
    assert.equal(await clientWith(ky).getBalance(), 2);
  });

  const garbage = {
    "a Response that was read": used,
    "an object whose every member throws": hostile,
    "a body that breaks": () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"errorId":'));
            controller.error("gone");
          },
        }),
      ),
    "a body of no bytes": () => ({
      status: 200,
      headers: new Headers(),
      body: new ReadableStream({
        start(controller) {
          controller.enqueue("text");
          controller.close();
        },
      }),
    }),
    "a text() that rejects with nothing": () => ({
      status: 200,
      headers: new Headers(),
      text: () => Promise.reject(),
    }),
  };
  for (const [what, answer] of Object.entries(garbage)) {
    it(`may give ${what}`, async () => {
      const client = clientWith(answer);
      await failure(client.getBalance(), TransportError, "NETWORK", { origin: "transport" });
      const fields = { mayHaveCreatedTask: true };
      await failure(client.createTask(TOKEN_TASK), TransportError, "NETWORK", fields);
    });
  }

  it("may give a body in any pieces", async () => {
    const text = "\u{feff}д\u{feff}é😀a";
    const json = `\u{feff}${JSON.stringify({ errorId: 0, status: "ready", solution: { text } })}\n`;
    const bytes = new TextEncoder().encode(json);
    const cut = (...at) => [0, ...at].map((from, n) => bytes.slice(from, at[n]));
    const ways = [
      cut(),
      ...Array.from(bytes.keys(), (at) => cut(at)),
      ...Array.from(bytes.keys(), (at) => cut(at, at + 1)),
      Array.from(bytes, (_, at) => bytes.slice(at, at + 1)),
      cut(3).map(({ buffer }) => new Int8Array(buffer)),
      cut(40).map(({ buffer }) => new DataView(buffer)),
      [new Uint8Array(0), bytes],
    ];
    for (const pieces of ways) {
      const body = { getReader: () => ({ read: async () => next(pieces.shift()) }) };
      const next = (value) => ({ done: value === undefined, value });
      const client = clientWith(async () => ({ status: 200, headers: new Headers(), body }));
      const { solution } = await client.getTaskResult(1);
      assert.equal(solution.text, text);
    }
  });

  it("may give headers that are not headers", async () => {
    const text = async () => '{"errorId":0,"balance":2}';
    for (const headers of [undefined, null, {}, { get: () => 5 }, { get: hostile }]) {
      const client = clientWith(() => ({ status: 200, headers, text }));
      const settled = await Promise.race([
        client.getBalance().catch((error) => error),
        sleep(5_000, "pending"),
      ]);
      assert.ok(settled === 2 || settled instanceof TransportError, inspect(settled));
    }
  });

  it("may say why: the message repeats it", async () => {
    for (const reason of [new Error("no way"), "no way", { message: "no way" }]) {
      const client = clientWith(() => Promise.reject(reason));
      const error = await failure(client.getBalance(), TransportError, "NETWORK");
      assert.match(error.message, /no way/);
      assert.equal(error.cause.message, "no way");
    }
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const client = clientWith(() => Promise.reject(new TypeError("fetch failed", { cause })));
    const error = await failure(client.getBalance(), TransportError, "NETWORK");
    assert.match(error.message, /refused/, "not only that it failed");
    assert.equal(error.cause.name, "TypeError");
    assert.equal(error.cause.cause.code, "ECONNREFUSED");
  });

  it("may never settle: the request's time ends it, and its signal aborts", async () => {
    let signal;
    const stuck = (_, init) => {
      signal = init.signal;
      return new Promise(() => {});
    };
    const client = clientWith(stuck, { requestTimeoutMs: 100, maxRetries: 0 });
    await failure(client.getBalance(), TransportError, "REQUEST_TIMEOUT", {}, 3_000);
    assert.equal(signal.aborted, true);
  });

  it("may give a body that never ends", async () => {
    const endless = () => new Response(new ReadableStream({}));
    const client = clientWith(endless, { requestTimeoutMs: 100, maxRetries: 0 });
    await failure(client.getBalance(), TransportError, "REQUEST_TIMEOUT", {}, 3_000);
  });

  it("may settle too late: nothing happens twice", async () => {
    let settle;
    const late = () =>
      new Promise((resolve) => {
        settle = () => resolve(Response.json({ errorId: 0, balance: 1 }));
      });
    const client = clientWith(late, { requestTimeoutMs: 50, maxRetries: 0 });
    await failure(client.getBalance(), TransportError, "REQUEST_TIMEOUT", {}, 3_000);
    settle();
    await sleep(50);
    const again = clientWith(() => Response.json({ errorId: 0, balance: 3 }));
    assert.equal(await again.getBalance(), 3);
  });

  it("may quote the key in its errors: it is shown nowhere", async () => {
    const quoting = () => {
      const inner = Object.assign(new Error(`inner ${KEY}`), { code: `E_${KEY}` });
      const error = new TypeError(`could not send {"clientKey":"${KEY}"}`, { cause: inner });
      error.name = `Error of ${KEY}`;
      throw Object.assign(error, { request: { body: KEY } });
    };
    const error = await failure(clientWith(quoting).getBalance(), TransportError, "NETWORK");
    assert.ok(!everythingIn(error).includes(KEY), inspect(error, { depth: 9 }));
    assert.ok(!everythingIn(error.toJSON()).includes(KEY));
  });

  it("is missing: a TransportError", async () => {
    const seen = await runForJson(`
      import { Client, TransportError } from "capwire";
      delete globalThis.fetch;
      const client = new Client({ clientKey: "x", baseUrl: "http://127.0.0.1:1" });
      const error = await client.getBalance().catch((error) => error);
      const { code, origin } = error;
      console.log(JSON.stringify({ isOfClass: error instanceof TransportError, code, origin }));
    `);
    assert.deepEqual(seen, { isOfClass: true, code: "NETWORK", origin: "transport" });
  });
});
