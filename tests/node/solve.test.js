// The main job, over HTTP, on both services.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";
import { SolveTimeoutError } from "capwire";
import { failure, timed } from "./helpers/assertions.js";
import { KEY, SERVICES, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

/** The shortest time between two result requests for one task, according to the services' error pages. */
const GAP_MS = 2_000;

/** Every form of an image, from its bytes and their base64. */
const FORMS = {
  Uint8Array: ({ bytes }) => bytes,
  Buffer: ({ bytes }) => Buffer.from(bytes),
  ArrayBuffer: ({ bytes }) => bytes.slice().buffer,
  DataView: ({ bytes }) => new DataView(bytes.slice().buffer),
  "a view into a bigger buffer": ({ bytes }) => {
    const bigger = new Uint8Array(bytes.length + 30).fill(0xee);
    bigger.set(bytes, 17);
    return bigger.subarray(17, 17 + bytes.length);
  },
  "a DataView into a bigger buffer": ({ bytes }) => {
    const bigger = new Uint8Array(bytes.length + 30).fill(0xee);
    bigger.set(bytes, 17);
    return new DataView(bigger.buffer, 17, bytes.length);
  },
  "a view of shared memory": ({ bytes }) => {
    const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
    view.set(bytes);
    return view;
  },
  "a Uint8Array of another realm": ({ bytes }) =>
    vm.runInNewContext("Uint8Array.from(numbers)", { numbers: [...bytes] }),
  Blob: ({ bytes }) => new Blob([bytes], { type: "image/png" }),
  File: ({ bytes }) => new File([bytes], "captcha.png"),
  base64: ({ base64 }) => base64,
  "base64 with line breaks": ({ base64 }) => `\n ${base64.replace(/.{76}/g, "$&\r\n")}\n`,
  "base64 without padding": ({ base64 }) => base64.replace(/=+$/, ""),
  "a data: URL": ({ base64 }) => `data:image/png;base64,${base64}`,
  "a data: URL with line breaks": ({ base64 }) =>
    `data:image/png;base64,${base64.replace(/.{64}/g, "$&\n")}`,
};

describe("both services", { concurrency: true, timeout: 120_000 }, () => {
  for (const { service } of SERVICES) {
    it(`${service}: the balance is a number`, async (t) => {
      const sandbox = await sandboxFor(t);
      assert.equal(await sandbox.client({ service }).getBalance(), 10);
      const [request, ...others] = await sandbox.requests();
      assert.deepEqual(others, []);
      assert.equal(request.method, "getBalance");
      assert.deepEqual(request.body, { clientKey: KEY });
      assert.equal(request.headers["content-type"], "application/json");
    });

    it(`${service}: an image in every form is solved and sent as plain base64`, async (t) => {
      const sandbox = await sandboxFor(t);
      const captcha = await sandbox.captcha();
      const client = sandbox.client({ service });
      const texts = await Promise.all(
        Object.entries(FORMS).map(async ([form, made]) => [
          form,
          await client.solveImage(made(captcha)),
        ]),
      );
      assert.deepEqual(
        texts,
        Object.keys(FORMS).map((form) => [form, captcha.text]),
      );
      for (const { body } of await sandbox.requests("createTask")) {
        assert.deepEqual(body, {
          clientKey: KEY,
          task: { type: "ImageToTextTask", body: captcha.base64 },
        });
      }
    });

    it(`${service}: solve() returns the solution, and reports each step`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { text, bytes } = await sandbox.captcha();
      const events = [];
      const solved = await sandbox
        .client({ service })
        .solve(
          { type: "ImageToTextTask", body: bytes },
          { onProgress: (event) => events.push(event) },
        );
      const { taskId, elapsedMs } = solved;
      assert.ok(Number.isSafeInteger(taskId) && taskId > 0);
      assert.ok(elapsedMs >= 300 && elapsedMs < 10_000, String(elapsedMs));
      assert.deepEqual(solved, { taskId, solution: { text }, cost: 0.0003, polls: 1, elapsedMs });

      const [created, poll] = events;
      assert.deepEqual(events, [
        { type: "created", taskId, imageBytes: [bytes.length], elapsedMs: created.elapsedMs },
        { type: "poll", taskId, poll: 1, status: "ready", elapsedMs: poll.elapsedMs },
      ]);
      assert.ok(created.elapsedMs >= 0 && poll.elapsedMs >= created.elapsedMs);
    });

    it(`${service}: result requests are 2 s apart, and no more than needed`, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 3_900 });
      const { text, bytes } = await sandbox.captcha();
      const events = [];
      const solved = await sandbox
        .client({ service })
        .solve(
          { type: "ImageToTextTask", body: bytes },
          { onProgress: (event) => events.push(event) },
        );
      assert.equal(solved.solution.text, text);
      const asked = await sandbox.requests("getTaskResult");
      assert.equal(asked.length, solved.polls);
      assert.equal(asked.length, 3);
      const gaps = asked.slice(1).map((request, index) => request.at - asked[index].at);
      assert.ok(
        gaps.every((gap) => gap >= GAP_MS),
        String(gaps),
      );
      assert.deepEqual(
        events.map(({ type, poll, status }) => [type, poll, status]),
        [
          ["created", undefined, undefined],
          ["poll", 1, "processing"],
          ["poll", 2, "processing"],
          ["poll", 3, "ready"],
        ],
      );
    });

    it(`${service}: another client can resume a task`, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 1_000 });
      const { text, bytes } = await sandbox.captcha();
      const task = { type: "ImageToTextTask", body: bytes };
      const taskId = await sandbox.client({ service }).createTask(task);

      const other = sandbox.client({ service });
      assert.deepEqual(await other.getTaskResult(taskId), { status: "processing", taskId });
      const solved = await other.waitForResult(taskId, { type: task.type });
      assert.deepEqual(solved, {
        taskId,
        solution: { text },
        cost: 0.0003,
        polls: 1,
        elapsedMs: solved.elapsedMs,
      });
      assert.deepEqual(await other.getTaskResult(taskId), {
        status: "ready",
        taskId,
        solution: { text },
        cost: 0.0003,
      });
    });

    it(`${service}: a solve that takes too long says which task to resume`, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 2_500 });
      const { text, bytes } = await sandbox.captcha();
      let created;
      const client = sandbox.client({ service });
      const task = { type: "ImageToTextTask", body: bytes };
      const solving = client.solve(task, {
        timeoutMs: 1_000,
        onProgress: (event) => {
          if (event.type === "created") created = event.taskId;
        },
      });
      const { value: error, ms } = await timed(() =>
        failure(solving, SolveTimeoutError, "SOLVE_TIMEOUT", { retryable: true, service }),
      );
      assert.ok(ms < 2_500, `it took ${ms} ms`);
      assert.equal(error.taskId, created);
      const solved = await sandbox.client({ service }).waitForResult(error.taskId);
      assert.equal(solved.solution.text, text);
      assert.equal((await sandbox.requests("createTask")).length, 1);
    });
  }
});

describe("tasks", { concurrency: true, timeout: 120_000 }, () => {
  it("a ComplexImageTask has each of its images sent as base64", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes, base64 } = await sandbox.captcha();
    const events = [];
    const solved = await sandbox.client().solve(
      {
        type: "ComplexImageTask",
        class: "recaptcha",
        imagesBase64: [bytes, `data:image/png;base64,${base64}`],
        exampleImagesBase64: [new Blob([bytes])],
        metadata: { Task: "Click on traffic lights", Grid: "3x3" },
      },
      { onProgress: (event) => events.push(event) },
    );
    assert.equal(solved.solution.answer.length, 9);
    assert.equal(solved.solution.answer[0], true);
    assert.deepEqual(events[0].imageBytes, [bytes.length, bytes.length, bytes.length]);
    const [{ body }] = await sandbox.requests("createTask");
    assert.deepEqual(body.task, {
      type: "ComplexImageTask",
      class: "recaptcha",
      imagesBase64: [base64, base64],
      exampleImagesBase64: [base64],
      metadata: { Task: "Click on traffic lights", Grid: "3x3" },
    });
  });

  it("fields are sent as given; only undefined is absent", async (t) => {
    const sandbox = await sandboxFor(t);
    const task = {
      type: "TurnstileTask",
      websiteURL: "https://site.example/ä?a=1&b=%20#c",
      websiteKey: "",
      userAgent: null,
      isInvisible: false,
      newer: 0,
      absent: undefined,
      nested: { deep: [1, { x: undefined, y: null }], Ключ: "значение" },
      snake_case: 1,
      MixedCASE: '\u2028"\\\u0000',
    };
    const before = structuredClone(task);
    const { solution } = await sandbox
      .client({ softId: 77 })
      .solve(task, { callbackUrl: "https://me.example/done" });
    assert.match(solution.token, /^sandbox-token-/);
    assert.deepEqual(task, before);
    const [{ body }] = await sandbox.requests("createTask");
    assert.deepEqual(body, {
      clientKey: KEY,
      softId: 77,
      callbackUrl: "https://me.example/done",
      task: JSON.parse(JSON.stringify(task)),
    });
    assert.ok(!("absent" in body.task));
  });

  it("options that are undefined count as absent", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({
      softId: undefined,
      fetch: undefined,
      imageLimits: undefined,
      requestTimeoutMs: undefined,
    });
    const taskId = await client.createTask(TOKEN_TASK, {
      signal: undefined,
      onProgress: undefined,
      timeoutMs: undefined,
      callbackUrl: undefined,
    });
    assert.ok(taskId > 0);
    const [{ body }] = await sandbox.requests("createTask");
    assert.deepEqual(body, { clientKey: KEY, task: TOKEN_TASK });
  });

  it("a key with suffixes is sent whole", async (t) => {
    const sandbox = await sandboxFor(t);
    const clientKey = `${KEY}__module__x`;
    assert.equal(await sandbox.client({ clientKey }).getBalance(), 10);
    assert.equal((await sandbox.requests())[0].body.clientKey, clientKey);
  });

  it("a longer poll interval is kept", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 1_000 });
    const { bytes } = await sandbox.captcha();
    const { polls } = await sandbox
      .client()
      .solve({ type: "ImageToTextTask", body: bytes }, { pollIntervalMs: 3_000 });
    assert.equal(polls, 2);
    const [first, second] = await sandbox.requests("getTaskResult");
    assert.ok(second.at - first.at >= 3_000, String(second.at - first.at));
  });

  it("single result requests for a task are kept apart too, however many calls ask", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const client = sandbox.client();
    const taskId = await client.createTask(TOKEN_TASK);
    const all = await Promise.all([1, 2, 3].map(() => client.getTaskResult(taskId)));
    assert.deepEqual(
      all.map(({ status }) => status),
      ["processing", "processing", "processing"],
    );
    const asked = await sandbox.requests("getTaskResult");
    assert.equal(asked.length, 3);
    assert.ok(asked[1].at - asked[0].at >= GAP_MS);
    assert.ok(asked[2].at - asked[1].at >= GAP_MS);
  });

  it("many solves at once each get their own answer", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    const captchas = await Promise.all(Array.from({ length: 20 }, () => sandbox.captcha()));
    const texts = await Promise.all(captchas.map(({ bytes }) => client.solveImage(bytes)));
    assert.deepEqual(
      texts,
      captchas.map(({ text }) => text),
    );
  });

  it("a listener that throws does not lose the solve, nor goes unseen", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const fault = new Error("a fault of the listener");
    const said = t.mock.method(console, "error", () => {});
    const solved = await sandbox.client().solveImage(bytes, {
      onProgress: () => {
        throw fault;
      },
    });
    assert.equal(solved, text);
    const shown = said.mock.calls
      .map((call) => call.arguments)
      .filter((all) => all.includes(fault));
    assert.equal(shown.length, 2, "once for created, once for poll");
  });
});
