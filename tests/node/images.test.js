// Nothing is uploaded that the service would refuse.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ImageError, TaskError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { Sandbox, SERVICES, TOKEN_TASK } from "./helpers/sandbox.js";

const TOO_SMALL = "ERROR_ZERO_CAPTCHA_FILESIZE";
const TOO_BIG = "ERROR_TOO_BIG_CAPTCHA_FILESIZE";

const image = (size) => new Uint8Array(size).fill(7);

/** The forms that take different ways to the size. */
const FORMS = {
  bytes: image,
  Blob: (size) => new Blob([image(size)]),
  base64: (size) => Buffer.from(image(size)).toString("base64"),
  "base64 with line breaks": (size) =>
    Buffer.from(image(size)).toString("base64").replace(/.{76}/g, "$&\r\n"),
  "a data: URL": (size) => `data:image/png;base64,${Buffer.from(image(size)).toString("base64")}`,
};

describe("image sizes", { timeout: 300_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(() => sandbox.stop());

  for (const { service, maxBytes } of SERVICES) {
    for (const [form, made] of Object.entries(FORMS)) {
      for (const size of [100, maxBytes]) {
        it(`${service} is sent ${size} bytes as ${form}`, async () => {
          await sandbox.forgetRequests();
          const task = { type: "ImageToTextTask", body: made(size) };
          assert.ok((await sandbox.client({ service }).createTask(task)) > 0);
          const [{ body }] = await sandbox.requests();
          assert.equal(Buffer.from(body.task.body, "base64").length, size);
        });
      }

      for (const [size, code, limit] of [
        [0, TOO_SMALL, 100],
        [99, TOO_SMALL, 100],
        [maxBytes + 1, TOO_BIG, maxBytes],
      ]) {
        it(`${service} is not sent ${size} bytes as ${form}`, async () => {
          await sandbox.forgetRequests();
          const client = sandbox.client({ service });
          const fields = {
            size,
            limit,
            index: undefined,
            origin: "client",
            method: "createTask",
            service,
            retryable: false,
            taskId: undefined,
            httpStatus: undefined,
          };
          for (const call of [
            client.solveImage(made(size)),
            client.solve({ type: "ImageToTextTask", body: made(size) }),
            client.createTask({ type: "ImageToTextTask", body: made(size) }),
          ]) {
            const error = await failure(call, ImageError, code, fields);
            assert.ok(error.message.includes(`${size} bytes`), error.message);
            assert.ok(error.message.includes(String(limit)), error.message);
          }
          assert.deepEqual(await sandbox.requests(), []);
        });
      }
    }

    for (const field of ["imagesBase64", "exampleImagesBase64"]) {
      it(`${service}: an error about one of ${field} says which`, async () => {
        await sandbox.forgetRequests();
        const client = sandbox.client({ service });
        const task = (odd) => ({
          type: "ComplexImageTask",
          class: "hcaptcha",
          metadata: { Task: "Click on traffic lights" },
          imagesBase64: [image(100)],
          [field]: [image(100), FORMS.base64(maxBytes), odd],
        });
        await failure(client.solve(task(image(99))), ImageError, TOO_SMALL, { index: 2, field });
        const big = task(image(maxBytes + 1));
        await failure(client.createTask(big), ImageError, TOO_BIG, {
          index: 2,
          size: maxBytes + 1,
        });
        await failure(client.createTask(task(null)), ImageError, "INVALID_IMAGE", { index: 2 });
        await failure(
          client.createTask({ ...task(), [field]: image(200) }),
          TaskError,
          "INVALID_TASK",
          {
            field,
          },
        );
        assert.deepEqual(await sandbox.requests(), []);
      });
    }
  }

  it("the bounds can be lowered and raised", async () => {
    await sandbox.forgetRequests();
    const lower = sandbox.client({ imageLimits: { maxBytes: 50_000 } });
    await failure(lower.solveImage(image(50_001)), ImageError, TOO_BIG, { limit: 50_000 });
    const least = sandbox.client({ imageLimits: { minBytes: 200 } });
    await failure(least.solveImage(image(199)), ImageError, TOO_SMALL, { limit: 200 });
    assert.deepEqual(await sandbox.requests(), []);

    // The service itself refuses it then, in the same class.
    const raised = sandbox.client({ imageLimits: { maxBytes: 600_000 } });
    await failure(raised.solveImage(image(500_001)), ImageError, TOO_BIG, {
      origin: "service",
      serverCode: TOO_BIG,
      httpStatus: 200,
    });
  });
});

describe("what is no image", { timeout: 120_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(async () => {
    assert.deepEqual(await sandbox.requests(), [], "none of these was sent");
    await sandbox.stop();
  });

  const values = {
    undefined: undefined,
    null: null,
    "a number": 5,
    "a boolean": true,
    "a bigint": 5n,
    "a symbol": Symbol("image"),
    "a function": () => {},
    "an object": {},
    "a list": [1, 2, 3],
    "a date": new Date(),
    "a promise of bytes": Promise.resolve(image(200)),
    "a file name": "captcha.png",
    "an address": "https://site.example/captcha.png",
    "an object URL": "blob:https://site.example/5e5a-11",
    "a URL object": new URL("data:image/png;base64,AAAA"),
    "a data: URL without content": "data:image/png;base64",
    "a data: URL that is not base64": `data:image/svg+xml,${"a".repeat(500)}`,
    "text with a character that base64 has not": `${"A".repeat(200)}*`,
    "base64 with padding in its middle": `${"A".repeat(150)}==${"A".repeat(150)}`,
    "base64 of a length that no bytes have": "A".repeat(401),
    "letters of another alphabet": "Ж".repeat(400),
    "half a surrogate pair": `\ud800${"A".repeat(400)}`,
    "a blob that cannot be read": {
      size: 200,
      arrayBuffer: () => Promise.reject(new Error("it was deleted")),
    },
    "a blob whose reading throws": {
      size: 200,
      arrayBuffer() {
        throw "no";
      },
    },
    "a blob that gives no buffer": { size: 200, arrayBuffer: async () => "bytes" },
  };
  for (const [what, value] of Object.entries(values)) {
    it(what, async () => {
      const client = sandbox.client();
      const fields = { origin: "client", method: "createTask", retryable: false };
      await failure(client.solveImage(value), ImageError, "INVALID_IMAGE", fields);
      if (value !== undefined) {
        const task = { type: "ImageToTextTask", body: value };
        await failure(client.solve(task), ImageError, "INVALID_IMAGE", fields);
      }
    });
  }

  it("bytes that were handed over to another thread", async () => {
    const bytes = image(200);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await failure(sandbox.client().solveImage(bytes), ImageError, TOO_SMALL, { size: 0 });
  });

  it("a blob that has less than it says", async () => {
    const blob = { size: 200, arrayBuffer: async () => new ArrayBuffer(99) };
    await failure(sandbox.client().solveImage(blob), ImageError, TOO_SMALL, { size: 99 });
  });

  it("a blob that is too large is refused unread", async () => {
    let wasRead = false;
    const blob = {
      size: 5e9,
      arrayBuffer: async () => {
        wasRead = true;
        return new ArrayBuffer(200);
      },
    };
    await failure(sandbox.client().solveImage(blob), ImageError, TOO_BIG, { size: 5e9 });
    assert.equal(wasRead, false);
  });
});

describe("what is no task", { timeout: 120_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(async () => {
    assert.deepEqual(await sandbox.requests(), [], "none of these was sent");
    await sandbox.stop();
  });

  const cycle = { ...TOKEN_TASK };
  cycle.self = cycle;
  const values = [
    ["nothing", undefined, "task"],
    ["null", null, "task"],
    ["text", "ImageToTextTask", "task"],
    ["a number", 5, "task"],
    ["a list", [], "task"],
    ["bytes", image(200), "task"],
    ["a function", () => {}, "task"],
    ["an object without a type", {}, "type"],
    ["a type that is a number", { type: 5 }, "type"],
    ["an empty type", { type: "" }, "type"],
    [
      "a type whose getter throws",
      {
        get type() {
          throw new Error("no");
        },
      },
      "type",
    ],
    ["an image task without an image", { type: "ImageToTextTask" }, "body"],
    ["a cycle", cycle, "task"],
    ["a bigint", { ...TOKEN_TASK, newer: 80n }, "task"],
    [
      "a bigint for a port",
      { ...TOKEN_TASK, proxyType: "http", proxyAddress: "192.0.2.1", proxyPort: 80n },
      "proxyPort",
    ],
  ];
  for (const [what, value, field] of values) {
    it(what, async () => {
      const client = sandbox.client();
      const fields = { field, origin: "client", method: "createTask" };
      await failure(client.createTask(value), TaskError, "INVALID_TASK", fields);
      await failure(client.solve(value), TaskError, "INVALID_TASK", fields);
    });
  }

  for (const id of [undefined, null, 0, -1, 1.5, Number.NaN, 2 ** 53, "x", "", "01", {}, [5], 5n]) {
    it(`the task id ${typeof id === "bigint" ? "5n" : JSON.stringify(id)} (${typeof id})`, async () => {
      const client = sandbox.client();
      const fields = { field: "taskId", origin: "client" };
      await failure(client.getTaskResult(id), TaskError, "INVALID_TASK", fields);
      await failure(client.waitForResult(id), TaskError, "INVALID_TASK", fields);
    });
  }
});
