// Every code of the services is an error of its class, wherever it comes and under whatever status.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AccessError,
  BalanceError,
  CapacityError,
  DomainError,
  ImageError,
  KeyError,
  ProxyError,
  RateLimitError,
  TaskError,
  TaskNotFoundError,
  UnknownServiceError,
  UnsolvableError,
} from "capwire";
import { failure } from "./helpers/assertions.js";
import { ownFetch, Sandbox, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

/** Written by hand from the design, not taken from the package. */
const CODES = [
  [KeyError, ["ERROR_KEY_DOES_NOT_EXIST"]],
  [BalanceError, ["ERROR_ZERO_BALANCE"]],
  [ImageError, ["ERROR_TOO_BIG_CAPTCHA_FILESIZE", "ERROR_ZERO_CAPTCHA_FILESIZE"]],
  [
    TaskError,
    [
      "ERROR_NO_SUCH_METHOD",
      "ERROR_TASK_NOT_SUPPORTED",
      "ERROR_TASK_ABSENT",
      "ERROR_INVALID_TASK",
      "ERROR_RECAPTCHA_INVALID_SITEKEY",
      "ERROR_RECAPTCHA_INVALID_DOMAIN",
      "ERROR_WRONG_USERAGENT",
      "ERROR_TOKEN_EXPIRED",
    ],
  ],
  [DomainError, ["ERROR_DOMAIN_NOT_ALLOWED"]],
  [
    ProxyError,
    [
      "ERROR_PROXY_CONNECT_REFUSED",
      "ERROR_PROXY_BANNED",
      "ERROR_PROXY_MISSING",
      "ERROR_PROXY_NOT_AUTHORISED",
      "ERROR_PROXY_READ_TIMEOUT",
      "ERROR_PROXY_CREDENTIALS_INVALID_CHARACTER",
      "ERROR_PROXY_OF_NEXT_YEAR",
    ],
  ],
  [AccessError, ["ERROR_IP_NOT_ALLOWED", "ERROR_IP_BANNED", "ERROR_IP_BLOCKED"]],
  [TaskNotFoundError, ["ERROR_NO_SUCH_CAPCHA_ID", "WRONG_CAPTCHA_ID"]],
  [UnsolvableError, ["ERROR_CAPTCHA_UNSOLVABLE", "ERROR_RECAPTCHA_TIMEOUT"]],
  [CapacityError, ["ERROR_NO_SLOT_AVAILABLE", "ERROR_SERVICE_NOT_AVAILABLE"]],
  [RateLimitError, ["ERROR_TOO_MUCH_REQUESTS"]],
  [UnknownServiceError, ["ERROR_OF_NEXT_YEAR", "ошибка", "error_key_does_not_exist"]],
];

const CASES = CODES.flatMap(([ErrorClass, codes]) => codes.map((code) => ({ ErrorClass, code })));
const STATUSES = [200, 400, 403, 500];

/** The calls by which a code can come, and what an error of each says about itself. */
const CALLS = [
  {
    method: "createTask",
    taskId: undefined,
    call: (client) => client.createTask(TOKEN_TASK),
  },
  { method: "getTaskResult", taskId: 4711, call: (client) => client.getTaskResult(4711) },
  { method: "getTaskResult", taskId: 4712, call: (client) => client.waitForResult(4712) },
  { method: "getBalance", taskId: undefined, call: (client) => client.getBalance() },
];

describe("codes", { timeout: 300_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(() => sandbox.stop());

  for (const { ErrorClass, code } of CASES) {
    it(`${code} is ${ErrorClass.name}`, async () => {
      for (const [index, { method, taskId, call }] of CALLS.entries()) {
        const status = STATUSES[index];
        // While waiting, this one only widens the interval; that has a test of its own.
        if (code === "ERROR_TOO_MUCH_REQUESTS" && taskId === 4712) continue;
        await sandbox.forgetRequests();
        const description = `  Said “verbatim”\n about ${code}. `;
        await sandbox.script({ method, reply: { kind: "error", code, description, status } });
        // Repeats have a test of their own.
        const client = sandbox.client({ fetch: ownFetch(), service: "brocapgpt", maxRetries: 0 });
        const error = await failure(call(client), ErrorClass, code, {
          serverCode: code,
          serverMessage: description,
          origin: "service",
          httpStatus: status,
          method,
          service: "brocapgpt",
          taskId,
        });
        assert.ok(!("cause" in error));
        assert.equal((await sandbox.requests()).length, 1);
      }
    });
  }

  it("is final where the services ban for repeats", async () => {
    const final = CASES.filter(({ ErrorClass }) =>
      [KeyError, BalanceError, TaskNotFoundError, DomainError, ProxyError, AccessError].includes(
        ErrorClass,
      ),
    );
    for (const { ErrorClass, code } of final) {
      await sandbox.script({ reply: { kind: "error", code } });
      const call = sandbox.client({ fetch: ownFetch() }).createTask(TOKEN_TASK);
      await failure(call, ErrorClass, code, { retryable: false });
    }
  });

  it("a hint belongs to one class, which says what to do next", async () => {
    const hints = new Map();
    for (const { ErrorClass, code } of CASES) {
      await sandbox.script({ reply: { kind: "error", code } });
      const call = sandbox.client({ fetch: ownFetch(), maxRetries: 0 }).createTask(TOKEN_TASK);
      const { hint } = await failure(call, ErrorClass, code);
      assert.ok([undefined, ErrorClass].includes(hints.get(hint)), hint);
      hints.set(hint, ErrorClass);
    }
  });

  const odd = [
    ["an errorId without a code", { errorId: 1 }, "UNKNOWN", undefined, undefined],
    ["a code that is null", { errorId: 1, errorCode: null }, "UNKNOWN", undefined, undefined],
    ["an empty code", { errorId: 1, errorCode: "" }, "UNKNOWN", undefined, undefined],
    [
      "a description without a code",
      { errorId: 3, errorDescription: "why" },
      "UNKNOWN",
      undefined,
      "why",
    ],
    ["a negative errorId", { errorId: -1, errorCode: "NEW" }, "NEW", "NEW", undefined],
    ["a very long code", { errorId: 1, errorCode: "X".repeat(9_999) }, "X".repeat(9_999)],
  ];
  for (const [what, body, code, serverCode = body.errorCode, serverMessage = undefined] of odd) {
    it(`${what} is an UnknownServiceError`, async () => {
      await sandbox.script({ reply: { kind: "json", status: 400, body } });
      const error = await failure(
        sandbox.client({ fetch: ownFetch() }).getBalance(),
        UnknownServiceError,
        code,
        {
          serverCode: serverCode || undefined,
          serverMessage,
          origin: "service",
          httpStatus: 400,
        },
      );
      assert.ok(error.message.length < 500, "a message is one sentence");
    });
  }
});

describe("codes while solving", { concurrency: true, timeout: 120_000 }, () => {
  it("an error after creation has the task's id", async (t) => {
    const sandbox = await sandboxFor(t);
    let created;
    const solving = sandbox.client({ fetch: ownFetch() }).solveImage(new Uint8Array(200), {
      onProgress: (event) => {
        if (event.type === "created") created = event.taskId;
      },
    });
    const error = await failure(solving, UnsolvableError, "ERROR_CAPTCHA_UNSOLVABLE");
    assert.ok(created > 0);
    assert.equal(error.taskId, created);
  });

  it("CAPTCHA_NOT_READY is a state and no failure", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    await sandbox.script({
      method: "getTaskResult",
      reply: { kind: "error", code: "CAPTCHA_NOT_READY", status: 400 },
    });
    const events = [];
    const solved = await sandbox
      .client({ fetch: ownFetch() })
      .solveImage(bytes, { onProgress: (event) => events.push(event) });
    assert.equal(solved, text);
    assert.deepEqual(
      events.map(({ type, status }) => `${type} ${status}`),
      ["created undefined", "poll processing", "poll ready"],
    );
  });

  it("getTaskResult() calls CAPTCHA_NOT_READY processing", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "error", code: "CAPTCHA_NOT_READY" } });
    assert.deepEqual(await sandbox.client({ fetch: ownFetch() }).getTaskResult(5), {
      status: "processing",
      taskId: 5,
    });
  });

  it("ERROR_TOO_MUCH_REQUESTS widens the interval, and the solve goes on", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    await sandbox.script({
      method: "getTaskResult",
      reply: { kind: "error", code: "ERROR_TOO_MUCH_REQUESTS" },
    });
    const events = [];
    const solved = await sandbox
      .client({ fetch: ownFetch() })
      .solveImage(bytes, { onProgress: (event) => events.push(event) });
    assert.equal(solved, text);
    const [first, second] = await sandbox.requests("getTaskResult");
    assert.ok(second.at - first.at > 2_500, `${second.at - first.at} ms`);
    const retry = events.find(({ type }) => type === "retry");
    assert.equal(retry.code, "ERROR_TOO_MUCH_REQUESTS");
    assert.equal(retry.method, "getTaskResult");
    assert.equal(retry.taskId, events[0].taskId);
    assert.ok(retry.delayMs > 2_000);
  });

  it("ERROR_NO_SLOT_AVAILABLE is repeated with growing pauses, up to maxRetries", async (t) => {
    const sandbox = await sandboxFor(t);
    const reply = { kind: "error", code: "ERROR_NO_SLOT_AVAILABLE" };
    await sandbox.script({ method: "createTask", times: 9, reply });
    const events = [];
    const creating = sandbox
      .client({ fetch: ownFetch(), maxRetries: 2 })
      .createTask(TOKEN_TASK, { onProgress: (event) => events.push(event) });
    await failure(creating, CapacityError, reply.code, { retryable: true });
    const asked = await sandbox.requests();
    assert.equal(asked.length, 3);
    const [first, second] = asked.slice(1).map(({ at }, index) => at - asked[index].at);
    assert.ok(first >= 500 && second >= 1_000, `${first}, ${second}`);
    assert.deepEqual(
      events.map(({ type, code, method, taskId }) => ({ type, code, method, taskId })),
      [1, 2].map(() => ({
        type: "retry",
        code: reply.code,
        method: "createTask",
        taskId: undefined,
      })),
    );
  });

  it("ERROR_NO_SLOT_AVAILABLE that passes makes one task", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "error", code: "ERROR_NO_SLOT_AVAILABLE" } });
    assert.ok((await sandbox.client({ fetch: ownFetch() }).createTask(TOKEN_TASK)) > 0);
    assert.equal((await sandbox.requests()).length, 2);
  });
});
