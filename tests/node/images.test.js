// Images and tasks as JavaScript has them: each form, and values that are not usable. The limits of each service and
// the rules for base64 are tested in Rust.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ImageError, TaskError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { Sandbox, TOKEN_TASK } from "./helpers/sandbox.js";

const TOO_SMALL = "ERROR_ZERO_CAPTCHA_FILESIZE";
const TOO_BIG = "ERROR_TOO_BIG_CAPTCHA_FILESIZE";

const image = (size) => new Uint8Array(size).fill(7);

/** Forms whose size is measured in different ways. */
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

  const maxBytes = 500_000;
  for (const [form, made] of Object.entries(FORMS)) {
    it(`${maxBytes} bytes are sent as ${form}`, async () => {
      await sandbox.forgetRequests();
      const task = { type: "ImageToTextTask", body: made(maxBytes) };
      assert.ok((await sandbox.client().createTask(task)) > 0);
      const [{ body }] = await sandbox.requests();
      assert.equal(Buffer.from(body.task.body, "base64").length, maxBytes);
    });

    for (const [size, code, limit] of [
      [0, TOO_SMALL, 100],
      [99, TOO_SMALL, 100],
      [maxBytes + 1, TOO_BIG, maxBytes],
    ]) {
      it(`${size} bytes are not sent as ${form}`, async () => {
        await sandbox.forgetRequests();
        const client = sandbox.client();
        const fields = {
          size,
          limit,
          index: undefined,
          origin: "client",
          method: "createTask",
          service: "capmonster",
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

  it("an error about one image of several says which", async () => {
    await sandbox.forgetRequests();
    const client = sandbox.client();
    const field = "imagesBase64";
    const task = (bad) => ({
      type: "ComplexImageTask",
      class: "hcaptcha",
      metadata: { Task: "Click on traffic lights" },
      [field]: [image(100), FORMS.base64(maxBytes), bad],
    });
    await failure(client.solve(task(image(99))), ImageError, TOO_SMALL, { index: 2, field });
    await failure(client.createTask(task(Symbol("image"))), ImageError, "INVALID_IMAGE", {
      index: 2,
    });
    // Bytes where a list belongs: each byte would be an image.
    const flat = { ...task(), [field]: image(200) };
    await failure(client.createTask(flat), TaskError, "INVALID_TASK", { field });
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("the service itself may refuse what a raised limit lets through", async () => {
    const raised = sandbox.client({ imageLimits: { maxBytes: 600_000 } });
    await failure(raised.solveImage(image(500_001)), ImageError, TOO_BIG, {
      origin: "service",
      serverCode: TOO_BIG,
      httpStatus: 200,
    });
  });
});

describe("not a usable image:", { timeout: 120_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(async () => {
    const requests = await sandbox.requests();
    await sandbox.stop();
    assert.deepEqual(requests, [], "none of these was sent");
  });

  const values = {
    undefined: undefined,
    "a symbol": Symbol("image"),
    "a function": () => {},
    "a list": [[1, 2, 3]],
    "a date": new Date(),
    "a promise of nothing": Promise.resolve(),
    "a file name": "captcha.png",
    "an object URL": "blob:https://site.example/5e5a-11",
    "a URL object": new URL("data:image/png;base64,AAAA"),
    "text with a character that base64 has not": `${"A".repeat(200)}*`,
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

describe("not a task:", { timeout: 120_000 }, () => {
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
    ["a list", [], "task"],
    ["bytes", image(200), "task"],
    ["a function", () => {}, "task"],
    [
      "a type whose getter throws",
      {
        get type() {
          throw new Error("no");
        },
      },
      "type",
    ],
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

  for (const id of [
    undefined,
    null,
    0,
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    "",
    "x".repeat(1_025),
    {},
    [5],
    5n,
  ]) {
    const name = typeof id === "bigint" ? "5n" : JSON.stringify(id)?.slice(0, 20);
    it(`the task id ${name} (${typeof id})`, async () => {
      const client = sandbox.client();
      const fields = { field: "taskId", origin: "client" };
      await failure(client.getTaskResult(id), TaskError, "INVALID_TASK", fields);
      await failure(client.waitForResult(id), TaskError, "INVALID_TASK", fields);
    });
  }
});
