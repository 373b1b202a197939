// Values that throw whenever they are read. An exception that crossed into the module would leave
// this call, and all others under way, pending forever.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, runInContext } from "node:vm";
import { Client, ImageError, OptionsError, TaskError, TransportError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { KEY } from "./helpers/sandbox.js";

const ANSWERS = {
  createTask: { errorId: 0, taskId: 410000123 },
  getTaskResult: { errorId: 0, status: "ready", solution: { text: "w7kq" } },
  getBalance: { errorId: 0, balance: 1 },
};
const answer = (url) => Response.json(ANSWERS[url.split("/").at(-1)]);
const boom = () => {
  throw new Error("boom");
};

function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Awaits a promise while another call runs beside it, which must still be answered. */
async function beside(work) {
  const innocent = client().solveImage(new Uint8Array(200).fill(7));
  const outcome = await work();
  assert.equal(await innocent, "w7kq");
  return outcome;
}

// Each with a `fetch` of its own: clients that share one also share what they know about a task.
const client = (fetch = answer, options = {}) =>
  new Client({ clientKey: KEY, fetch: (...args) => fetch(...args), ...options });

describe("a value that throws", { timeout: 30_000, concurrency: true }, () => {
  const image = new Uint8Array(200).fill(7);

  for (const [name, call, ErrorClass, code] of [
    ["as a task", (it) => it.solve(revoked()), TaskError, "INVALID_TASK"],
    [
      "when a task's members are listed",
      (it) => it.solve(new Proxy({ type: "SomeTask" }, { ownKeys: boom })),
      TaskError,
      "INVALID_TASK",
    ],
    ["as an image", (it) => it.solveImage(revoked()), ImageError, "INVALID_IMAGE"],
    ["as a list of images", complexWith(revoked([])), TaskError, "INVALID_TASK"],
    ["within a list of images", complexWith([revoked()]), ImageError, "INVALID_IMAGE"],
    ["as a task id", (it) => it.getTaskResult(revoked()), TaskError, "INVALID_TASK"],
    [
      "as a blob's bytes",
      (it) => it.solveImage({ size: 200, arrayBuffer: boom }),
      ImageError,
      "INVALID_IMAGE",
    ],
    [
      "by its size, which is not that of its bytes",
      (it) => it.solveImage({ size: 200, arrayBuffer: async () => new ArrayBuffer(9e6) }),
      ImageError,
      "INVALID_IMAGE",
    ],
  ]) {
    it(name, () => beside(() => failure(call(client()), ErrorClass, code, { origin: "client" })));
  }

  for (const option of ["service", "imageLimits", "baseUrl", "maxRetries"]) {
    it(`as the option ${option}`, () =>
      beside(() =>
        failure(client(answer, { [option]: revoked() }).ready(), OptionsError, "INVALID_OPTIONS", {
          option,
        }),
      ));
  }

  it("as a port of a proxy is sent as what JSON makes of it", () =>
    beside(async () => {
      const task = { type: "SomeTask", proxyAddress: "x", proxyPort: Object.create(null) };
      assert.equal(await client().createTask(task), 410000123);
    }));

  it("in the members of a response", () =>
    beside(async () => {
      const fetch = (url) => {
        const response = answer(url);
        let looks = 0;
        return new Proxy(response, {
          get(target, name) {
            if (name === "headers" || (name === "status" && ++looks > 1)) boom();
            const value = target[name];
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      };
      assert.equal(await client(fetch).getBalance(), 1);
    }));

  const throwing = (promise, name) => Object.defineProperty(promise, name, { get: boom });

  it("in the constructor of the promise of a fetch", () =>
    beside(async () => {
      const fetch = (url) => throwing(Promise.resolve(answer(url)), "constructor");
      await failure(client(fetch).getBalance(), TransportError, "NETWORK");
    }));

  it("in the then of the promise of a fetch, which an await does not look at", () =>
    beside(async () => {
      const fetch = (url) => throwing(Promise.resolve(answer(url)), "then");
      assert.equal(await client(fetch).getBalance(), 1);
    }));

  it("in a signal", () =>
    beside(async () => {
      let looks = 0;
      const signal = {
        get aborted() {
          return ++looks > 1 ? boom() : false;
        },
        addEventListener: boom,
        removeEventListener: boom,
      };
      assert.equal(await client().solveImage(image, { signal }), "w7kq");
    }));

  it("that the input of a batch throws is thrown as it is", () =>
    beside(async () => {
      const thrown = revoked();
      async function* input() {
        yield { type: "SomeTask" };
        throw thrown;
      }
      let caught;
      try {
        for await (const { index } of client().solveAll(input())) assert.equal(index, 0);
      } catch (error) {
        caught = error;
      }
      assert.ok(Object.is(caught, thrown));
    }));

  it("in a listener, and in the console that hears of it", async (t) => {
    const heard = t.mock.method(console, "error", boom);
    await beside(async () => {
      assert.equal(await client().solveImage(image, { onProgress: boom }), "w7kq");
      const onProgress = async () => boom();
      assert.equal(await client().solveImage(image, { onProgress }), "w7kq");
    });
    assert.equal(heard.mock.callCount(), 4);
  });
});

describe("an answer", { timeout: 120_000 }, () => {
  it("whose chunks are of another realm is read", async () => {
    const realm = createContext();
    const chunk = runInContext("(bytes) => Uint8Array.from(bytes)", realm);
    const fetch = (url) => {
      const bytes = new TextEncoder().encode(JSON.stringify(ANSWERS[url.split("/").at(-1)]));
      const left = [{ done: false, value: chunk([...bytes]) }, { done: true }];
      const body = {
        getReader: () => ({ read: async () => left.shift() }),
      };
      return { status: 200, headers: new Headers(), body };
    };
    assert.equal(await client(fetch).getBalance(), 1);
  });

  for (const byteLength of [-8, 0, Number.NaN]) {
    it(`whose chunks say that they have ${byteLength} bytes has an end`, async () => {
      const value = Object.defineProperty(new Uint8Array(8), "byteLength", { value: byteLength });
      const body = { getReader: () => ({ read: async () => ({ done: false, value }) }) };
      const fetch = () => ({ status: 200, headers: new Headers(), body });
      await failure(client(fetch).getBalance(), TransportError, "BAD_RESPONSE");
    });
  }

  it("that redirects is refused, even if its body looks valid", async () => {
    const fetch = () => Response.json({ errorId: 0, balance: 1 }, { status: 302 });
    await failure(client(fetch).getBalance(), TransportError, "HTTP_STATUS", { httpStatus: 302 });
  });

  it("with a Retry-After that is over asks for no wait", async () => {
    const headers = { "retry-after": "Mon, 01 Jan 2001 00:00:00 GMT" };
    const fetch = () => new Response("busy", { status: 500, headers });
    const error = await failure(client(fetch).getBalance(), TransportError, "HTTP_STATUS");
    assert.equal(error.retryAfterMs, 0);
  });

  it("that is repeated locally has no status, because nothing was sent", async () => {
    const body = { errorId: 1, errorCode: "ERROR_KEY_DOES_NOT_EXIST" };
    const one = client(() => Response.json(body, { status: 403 }));
    const first = await one.getBalance().catch((error) => error);
    const again = await one.getBalance().catch((error) => error);
    assert.deepEqual([first.httpStatus, first.origin], [403, "service"]);
    assert.deepEqual([again.httpStatus, again.origin], [undefined, "client"]);
    assert.deepEqual([first.code, again.code], [body.errorCode, body.errorCode]);
  });
});

describe("an image", () => {
  it("of a hundred million characters is measured, not copied", async () => {
    const before = process.memoryUsage().external;
    const text = "A".repeat(100_000_000);
    const size = 75_000_000;
    await failure(client().solveImage(text), ImageError, "ERROR_TOO_BIG_CAPTCHA_FILESIZE", {
      size,
    });
    assert.ok(process.memoryUsage().external - before < 20e6, "the module's memory has grown");
  });
});

function complexWith(imagesBase64) {
  return (client) => client.solve({ type: "ComplexImageTask", class: "other", imagesBase64 });
}
