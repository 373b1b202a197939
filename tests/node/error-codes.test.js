// The error codes in JavaScript: the table, the declared types, and the class of an error. Tests in Rust try each
// code in each method and under each HTTP status.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as capwire from "capwire";
import { failure } from "./helpers/assertions.js";
import { CODES, CODES_OF_CLASS, SERVICE_CODES } from "./helpers/error-codes.js";
import { installed } from "./helpers/installed-package.js";
import { ownFetch, Sandbox, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const { CapacityError, UnknownServiceError } = capwire;

const CLASSES = new Map(Object.entries(capwire));

/** The last code of each class, and codes that are newer than this version of the package. */
const CASES = [
  ...new Map(SERVICE_CODES.map((row) => [row.class, row])).values(),
  { code: "ERROR_PROXY_OF_NEXT_YEAR", class: "ProxyError" },
  { code: "ERROR_OF_NEXT_YEAR", class: "UnknownServiceError" },
  { code: "ошибка", class: "UnknownServiceError" },
  { code: "key_does_not_exist", class: "UnknownServiceError" },
  // Compatible services write known codes in lower case.
  { code: "ERROR_CAPTCHA_UNSOLVABLE", sent: "error_captcha_unsolvable", class: "UnsolvableError" },
  { code: "17", sent: 17, class: "UnknownServiceError" },
];
const STATUSES = [200, 400, 403, 500];

/** The calls that can fail with a code, and the fields of their errors. */
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

const inOrder = (rows) => [...rows].sort((a, b) => a.code.localeCompare(b.code));

describe("the error table", () => {
  it("has every code with its class, and no other", async () => {
    const rows = (await capwire.errorTable()).map(({ code, name }) => ({ code, class: name }));
    const expected = CODES.map(({ code, class: name }) => ({ code, class: name }));
    assert.deepEqual(inOrder(rows), inOrder(expected));
  });

  it("has a hint of its own for each class", async () => {
    const classes = new Map();
    for (const { hint, name } of await capwire.errorTable()) {
      assert.equal(classes.get(hint) ?? name, name, hint);
      classes.set(hint, name);
    }
  });

  it("is declared in TypeScript", async () => {
    const source = await readFile(join(installed, "dist/types.d.ts"), "utf8");
    const [, body] = source.match(/export interface ErrorCodes \{\n(.*?)^\}/ms);
    const declared = {};
    for (const [, name, union] of body.matchAll(/^ +(\w+Error):(.*);$/gm)) {
      declared[name] = [...union.matchAll(/"([^"]+)"/g)].map(([, code]) => code).sort();
    }
    const expected = Object.entries(CODES_OF_CLASS).map(([name, codes]) => [name, codes.sort()]);
    assert.deepEqual(declared, Object.fromEntries(expected));
  });
});

describe("a code of a service", { timeout: 300_000 }, () => {
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(() => sandbox.stop());

  for (const { code, sent = code, class: name } of CASES) {
    it(`${sent} is a ${name}`, async () => {
      for (const [index, { method, taskId, call }] of CALLS.entries()) {
        const status = STATUSES[index];
        // A wait only asks less often after this one; that has a test of its own.
        if (code === "ERROR_TOO_MUCH_REQUESTS" && taskId === 4712) continue;
        await sandbox.forgetRequests();
        const description = `  Said “verbatim”\n about ${code}. `;
        const body = { errorId: 1, errorCode: sent, errorDescription: description };
        await sandbox.script({ method, reply: { kind: "json", status, body } });
        // Repeats have a test of their own.
        const client = sandbox.client({ fetch: ownFetch(), service: "brocapgpt", maxRetries: 0 });
        const error = await failure(call(client), CLASSES.get(name), code, {
          serverCode: String(sent),
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

  for (const [what, body, code] of [
    ["without a code", { errorId: 1 }, "UNKNOWN"],
    ["with a negative errorId", { errorId: -1, errorCode: "NEW" }, "NEW"],
    ["with a very long code", { errorId: 1, errorCode: "X".repeat(9_999) }, "X".repeat(200)],
  ]) {
    it(`an error ${what} is an UnknownServiceError`, async () => {
      await sandbox.script({ reply: { kind: "json", status: 400, body } });
      const call = sandbox.client({ fetch: ownFetch() }).getBalance();
      const error = await failure(call, UnknownServiceError, code, {
        serverCode: body.errorCode?.slice(0, 200),
        serverMessage: undefined,
        origin: "service",
        httpStatus: 400,
      });
      assert.ok(error.message.length < 500, "a message is one sentence");
    });
  }
});

describe("a code that asks for patience", { concurrency: true, timeout: 120_000 }, () => {
  it("ERROR_TOO_MUCH_REQUESTS widens the interval, and the solve continues", async (t) => {
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
});
