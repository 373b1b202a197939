// Tasks of known types reach a service over HTTP exactly as they were given. Each type and each rule is tested in
// Rust; these tests are about JavaScript's own values.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OptionsError, TaskError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

const PROXY = {
  proxyType: "socks5",
  proxyAddress: "198.51.100.7",
  proxyPort: 1080,
  proxyLogin: "guest",
  proxyPassword: "",
};

/** A task, the service that documents it, and a check of the solution that comes back. */
const TASKS = [
  {
    service: "capmonster",
    task: {
      type: "GeeTestTask",
      websiteURL: "https://shop.example/login?next=%2Fcart#form",
      gt: "e392e1d7fd421dc63325744d5a2b9c73",
      version: 4,
      initParameters: { riskType: "slide", Deep: [1, null, ""] },
      geetestGetLib: '{"path":"/static/lib.js"}',
      userAgent: null,
      ...PROXY,
      somethingNew: { Ключ: [] },
    },
    solved: (solution) => assert.equal(typeof solution.pass_token, "string"),
  },
  {
    service: "capmonster",
    task: {
      type: "NoCaptchaTaskProxyless",
      websiteURL: "http://127.0.0.1:8080/",
      websiteKey: "",
      isInvisible: false,
      cookies: "a=1; b=2",
    },
    solved: (solution) => assert.equal(typeof solution.gRecaptchaResponse, "string"),
  },
  {
    service: "brocapgpt",
    task: {
      type: "FunCaptchaTask",
      websiteURL: "https://shop.example",
      websitePublicKey: "69A21A01-CC7B-B9C6-0F9A-E7FA06677FFC",
      data: '{"blob":"invented"}',
      ...PROXY,
    },
    solved: (solution) => assert.equal(typeof solution.token, "string"),
  },
];

/** Tasks that are refused here, and the field that is wrong. */
const REFUSED = [
  [{ type: "RecaptchaV2Task", websiteURL: "https://shop.example" }, "websiteKey"],
  [
    { type: "RecaptchaV2Task", websiteURL: "https://shop.example", websiteKey: undefined },
    "websiteKey",
  ],
  [{ type: "NoCaptchaTask", websiteURL: "shop.example", websiteKey: "x" }, "websiteURL"],
  // Values that look like text or numbers in JavaScript but not in JSON.
  [
    { type: "TurnstileTask", websiteURL: new URL("https://shop.example"), websiteKey: "x" },
    "websiteURL",
  ],
  [{ type: "TurnstileTask", websiteURL: "https://shop.example", websiteKey: 5n }, "websiteKey"],
  [{ type: "YidunTask", websiteURL: "https://a.example", websiteKey: "x", hct: Number.NaN }, "hct"],
  [
    { type: "TurnstileTask", websiteURL: "https://a.example", websiteKey: "x", proxyPort: 80 },
    "proxyType",
  ],
  [
    {
      type: "ComplexImageTask",
      class: "recaptcha",
      imageUrls: ["https://cdn.example/1.jpg"],
      metadata: { Grid: "2x2", Task: "Click on traffic lights" },
    },
    "metadata.Grid",
  ],
  [
    {
      type: "RecaptchaV3TaskProxyless",
      websiteURL: "https://a.example",
      websiteKey: "x",
      minScore: 1,
    },
    "minScore",
  ],
];

describe("known tasks", { concurrency: true, timeout: 120_000 }, () => {
  for (const { service, task, solved } of TASKS) {
    it(`${service}: a ${task.type} is sent as it is`, async (t) => {
      const sandbox = await sandboxFor(t);
      const given = structuredClone(task);
      const { solution, taskId } = await sandbox.client({ service }).solve(task);
      solved(solution);
      assert.deepEqual(task, given);

      const [created, ...others] = await sandbox.requests("createTask");
      assert.deepEqual(others, []);
      assert.deepEqual(created.body, { clientKey: KEY, task: given });
      const [asked] = await sandbox.requests("getTaskResult");
      assert.deepEqual(asked.body, { clientKey: KEY, taskId });
      assert.ok(asked.at - created.at >= 1_000, `asked after ${asked.at - created.at} ms`);
    });
  }

  it("a ComplexImageTask has its images in base64, and all else as it is", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes, base64 } = await sandbox.captcha();
    const task = {
      type: "ComplexImageTask",
      class: "recaptcha",
      imageUrls: undefined,
      imagesBase64: [new Blob([bytes])],
      metadata: { Grid: "3x3", Task: "", TaskDefinition: undefined, Extra: { a: null } },
    };
    const { solution } = await sandbox.client().solve(task);
    assert.equal(solution.answer.length, 9);
    const [{ body }] = await sandbox.requests("createTask");
    assert.deepEqual(body, {
      clientKey: KEY,
      task: {
        type: "ComplexImageTask",
        class: "recaptcha",
        imagesBase64: [base64],
        metadata: { Grid: "3x3", Task: "", Extra: { a: null } },
      },
    });
  });

  it("a task that breaks a rule is refused before anything is sent", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    for (const [task, field] of REFUSED) {
      for (const call of [client.solve(task), client.createTask(task)]) {
        const error = await failure(call, TaskError, "INVALID_TASK", {
          field,
          origin: "client",
          retryable: false,
          method: "createTask",
          taskId: undefined,
        });
        assert.ok(error.message.includes(`\`${field}\``), error.message);
      }
    }
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("what a task only inherits is not sent, so it does not count as given", async (t) => {
    const sandbox = await sandboxFor(t);
    class Turnstile {
      type = "TurnstileTask";
      websiteURL = "https://shop.example";
      get websiteKey() {
        return "x";
      }
    }
    const clicks = {
      type: "ComplexImageTask",
      class: "funcaptcha",
      imageUrls: ["https://a.example"],
    };
    for (const [task, field] of [
      [new Turnstile(), "websiteKey"],
      [{ ...clicks, metadata: Object.create({ Task: "Pick one" }) }, "metadata.Task"],
    ]) {
      await failure(sandbox.client().createTask(task), TaskError, "INVALID_TASK", { field });
    }
    assert.deepEqual(await sandbox.requests(), []);
    // Own properties of an object of a class are sent.
    class Own extends Turnstile {
      data = "cdata";
      constructor() {
        super();
        Object.defineProperty(this, "websiteKey", { value: "own", enumerable: true });
      }
    }
    await sandbox.client().createTask(new Own());
    const [{ body }] = await sandbox.requests("createTask");
    assert.deepEqual(body.task, {
      type: "TurnstileTask",
      websiteURL: "https://shop.example",
      websiteKey: "own",
      data: "cdata",
    });
  });

  it("a task whose getter throws is refused, not lost", async (t) => {
    const sandbox = await sandboxFor(t);
    const task = {
      type: "TurnstileTask",
      websiteURL: "https://shop.example",
      get websiteKey() {
        throw new Error("not ready");
      },
    };
    await failure(sandbox.client().solve(task), TaskError, "INVALID_TASK", {
      field: "websiteKey",
      origin: "client",
    });
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("options of solveImage that are fields of the task are sent and checked as such", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const client = sandbox.client();
    const fields = { numeric: 0, case: null, capMonsterModule: "universal" };
    const options = { ...fields, math: undefined, signal: AbortSignal.timeout(60_000) };
    assert.equal(await client.solveImage(bytes, options), text);
    const [{ body }] = await sandbox.requests("createTask");
    const base64 = Buffer.from(bytes).toString("base64");
    assert.deepEqual(body.task, { type: "ImageToTextTask", body: base64, ...fields });

    const refused = client.solveImage(bytes, { numeric: "1" });
    await failure(refused, TaskError, "INVALID_TASK", { field: "numeric", origin: "client" });
    const elsewhere = client.solve({ type: "ImageToTextTask", body: bytes }, { numeric: 1 });
    await failure(elsewhere, OptionsError, "INVALID_OPTIONS", { option: "numeric" });
    assert.equal((await sandbox.requests("createTask")).length, 1);
  });
});
