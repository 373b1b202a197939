// Whatever goes wrong between the client and the service: it ends in time, says what it was, buys
// nothing twice and, once a task exists, goes on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Client, SolveTimeoutError, TransportError } from "capwire";
import { eventually, failure, timed } from "./expect.js";
import { deadUrl, KEY, sandboxFor, TOKEN_TASK } from "./sandbox.js";

/**
 * Options for a client that meets this fault: those that are of time need not take 21 s. But on a busy
 * machine it takes a while until a request has reached the stand-in, which must have seen it.
 */
const patience = ({ code }) => (code === "REQUEST_TIMEOUT" ? { requestTimeoutMs: 1_500 } : {});

/**
 * @typedef Fault
 * @property {object} reply What the stand-in does.
 * @property {string} code
 * @property {number} [httpStatus]
 * @property {boolean} mayHaveCreatedTask Whether the service may have made a task of the request.
 * @property {boolean} [isFinal] Whether it ends a wait for a result.
 * @property {number} [retryAfterMs]
 */

/** @type {Record<string, Fault>} */
const FAULTS = {
  "a hang before the headers": {
    reply: { kind: "hang", where: "before-headers" },
    code: "REQUEST_TIMEOUT",
    mayHaveCreatedTask: true,
  },
  "a hang after the headers": {
    reply: { kind: "hang", where: "after-headers" },
    code: "REQUEST_TIMEOUT",
    mayHaveCreatedTask: true,
  },
  "a hang in the body": {
    reply: { kind: "hang", where: "in-body" },
    code: "REQUEST_TIMEOUT",
    mayHaveCreatedTask: true,
  },
  "an answer that drips": {
    reply: { kind: "drip", everyMs: 100, body: { errorId: 0, taskId: 5, balance: 1 } },
    code: "REQUEST_TIMEOUT",
    mayHaveCreatedTask: true,
  },
  "a reset connection": { reply: { kind: "reset" }, code: "NETWORK", mayHaveCreatedTask: true },
  "a body that is cut": { reply: { kind: "cut" }, code: "NETWORK", mayHaveCreatedTask: true },
  "a proxy's page": {
    reply: {
      kind: "text",
      status: 502,
      contentType: "text/html",
      body: "<html><h1>502 Bad Gateway</h1></html>",
    },
    code: "HTTP_STATUS",
    httpStatus: 502,
    mayHaveCreatedTask: true,
  },
  "a captive portal's page": {
    reply: { kind: "text", contentType: "text/html", body: "<!doctype html><title>Wi-Fi</title>" },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "an empty body": {
    reply: { kind: "text", body: "" },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  null: {
    reply: { kind: "json", body: null },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "a list": {
    reply: { kind: "json", body: [{ errorId: 0 }] },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "an object without errorId": {
    reply: { kind: "json", body: { taskId: 5, balance: 1, status: "ready", solution: {} } },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "JSON that is cut": {
    reply: { kind: "text", body: '{"errorId":0,"taskId":5' },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "a body over 4 MiB": {
    reply: { kind: "big", bytes: 4 * 1024 * 1024 + 1 },
    code: "BAD_RESPONSE",
    httpStatus: 200,
    mayHaveCreatedTask: true,
  },
  "a 429": {
    reply: { kind: "text", status: 429, headers: { "retry-after": "2" }, body: "slow down" },
    code: "HTTP_STATUS",
    httpStatus: 429,
    mayHaveCreatedTask: false,
    retryAfterMs: 2_000,
  },
  "a 503 with text": {
    reply: { kind: "text", status: 503, body: "maintenance" },
    code: "HTTP_STATUS",
    httpStatus: 503,
    mayHaveCreatedTask: false,
  },
  "a 500 with text": {
    reply: { kind: "text", status: 500, body: "oops" },
    code: "HTTP_STATUS",
    httpStatus: 500,
    mayHaveCreatedTask: true,
  },
  "a 404": {
    reply: { kind: "text", status: 404, body: "nothing here" },
    code: "HTTP_STATUS",
    httpStatus: 404,
    mayHaveCreatedTask: false,
    isFinal: true,
  },
};

/** How long a single request may take that meets a fault, on a busy machine. */
const IN_TIME_MS = 5_000;

describe("createTask", { concurrency: true, timeout: 60_000 }, () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`${what}: one request, and whether a task may exist`, async (t) => {
      const { reply, code, httpStatus, mayHaveCreatedTask, retryAfterMs } = fault;
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply, times: 9 });
      const client = sandbox.client({ maxRetries: 0, ...patience(fault) });
      const call = client.createTask(TOKEN_TASK);
      const fields = { mayHaveCreatedTask, httpStatus, retryAfterMs, origin: "transport" };
      await failure(
        call,
        TransportError,
        code,
        { ...fields, method: "createTask", service: "capmonster", taskId: undefined },
        IN_TIME_MS,
      );
      assert.equal((await sandbox.requests()).length, 1);
    });

    it(`${what}: repeated only if it certainly created nothing`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply: fault.reply });
      const call = sandbox.client(patience(fault)).createTask(TOKEN_TASK);
      if ([429, 503].includes(fault.httpStatus)) {
        assert.ok((await call) > 0);
        const [first, second, ...more] = await sandbox.requests();
        assert.deepEqual(more, []);
        assert.ok(second.at - first.at >= (fault.retryAfterMs ?? 500), `${second.at - first.at}`);
      } else {
        const error = await failure(call, TransportError, fault.code);
        // Where the task may exist, a repeat may buy it twice.
        assert.equal(error.retryable && fault.mayHaveCreatedTask, false);
        assert.equal((await sandbox.requests()).length, 1);
      }
    });
  }

  const answers = {
    "no task id": { errorId: 0 },
    "a task id of null": { errorId: 0, taskId: null },
    "the task id 0": { errorId: 0, taskId: 0 },
    "a negative task id": { errorId: 0, taskId: -5 },
    "a broken task id": { errorId: 0, taskId: 1.5 },
    "a task id that is an object": { errorId: 0, taskId: {} },
    "a task id that is text": { errorId: 0, taskId: "task" },
  };
  const bodies = Object.entries(answers).map(([what, body]) => [what, JSON.stringify(body)]);
  bodies.push(["a task id beyond 2^53", '{"errorId":0,"taskId":9007199254740993}']);
  bodies.push(["a task id beyond all numbers", '{"errorId":0,"taskId":1e999}']);
  for (const [what, body] of bodies) {
    it(`${what}: the task may exist`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply: { kind: "text", body } });
      const call = sandbox.client().createTask(TOKEN_TASK);
      await failure(call, TransportError, "BAD_RESPONSE", {
        mayHaveCreatedTask: true,
        retryable: false,
        origin: "transport",
      });
      assert.equal((await sandbox.requests()).length, 1);
    });
  }

  it("the largest exact task id is taken", async (t) => {
    const sandbox = await sandboxFor(t);
    const taskId = Number.MAX_SAFE_INTEGER;
    await sandbox.script(
      { reply: { kind: "json", body: { errorId: 0, taskId } } },
      { reply: { kind: "json", body: { errorId: 0, status: "processing" } } },
    );
    const client = sandbox.client();
    assert.equal(await client.createTask(TOKEN_TASK), taskId);
    await client.getTaskResult(taskId);
    assert.equal((await sandbox.requests("getTaskResult"))[0].body.taskId, taskId);
  });

  it("a dead port", async () => {
    const client = new Client({ clientKey: KEY, baseUrl: await deadUrl() });
    const error = await failure(
      client.createTask(TOKEN_TASK),
      TransportError,
      "NETWORK",
      { origin: "transport", httpStatus: undefined },
      IN_TIME_MS,
    );
    const codes = [];
    for (let { cause } = error; cause; cause = cause.cause) codes.push(cause.code);
    assert.ok(codes.includes("ECONNREFUSED"), inspect(error));
  });
});

describe("one result request", { concurrency: true, timeout: 60_000 }, () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`${what}: an error with the task's id`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { reply, code, httpStatus } = fault;
      await sandbox.script({ reply, times: 9 });
      const call = sandbox.client(patience(fault)).getTaskResult(4711);
      const fields = { taskId: 4711, httpStatus, method: "getTaskResult", origin: "transport" };
      const error = await failure(call, TransportError, code, fields, IN_TIME_MS);
      assert.equal(error.mayHaveCreatedTask, undefined);
      assert.equal((await sandbox.requests()).length, 1);
    });
  }
});

describe("waiting for a result", { concurrency: true, timeout: 60_000 }, () => {
  const passing = Object.entries(FAULTS).filter(([, { isFinal }]) => !isFinal);
  for (const [what, fault] of passing) {
    it(`goes on after ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { text, bytes } = await sandbox.captcha();
      await sandbox.script({ method: "getTaskResult", reply: fault.reply });
      const events = [];
      const { solution, polls, taskId } = await sandbox
        .client(patience(fault))
        .solve({ type: "ImageToTextTask", body: bytes }, { onProgress: (e) => events.push(e) });
      assert.equal(solution.text, text);
      assert.equal(polls, 2);
      assert.deepEqual(
        events.map(({ type, code, taskId }) => [type, code, taskId]),
        [
          ["created", undefined, taskId],
          ["retry", fault.code, taskId],
          ["poll", undefined, taskId],
        ],
      );
      const [first, second] = await sandbox.requests("getTaskResult");
      assert.ok(second.at - first.at >= 2_000);
    });
  }

  it("keeps to the solve's time while nothing answers", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    const hang = { kind: "hang", where: "in-body" };
    await sandbox.script({ method: "getTaskResult", times: 9, reply: hang });
    const { value: error, ms } = await timed(() =>
      failure(
        sandbox.client().solve({ type: "ImageToTextTask", body: bytes }, { timeoutMs: 1_200 }),
        SolveTimeoutError,
        "SOLVE_TIMEOUT",
      ),
    );
    assert.ok(ms >= 1_190 && ms < 5_000, `${ms} ms`);
    assert.ok(error.cause instanceof TransportError, "the last thing that went wrong");
    assert.equal(error.cause.code, "REQUEST_TIMEOUT");
    assert.equal(error.cause.taskId, error.taskId);
  });

  const final = {
    "ready without a solution": { errorId: 0, status: "ready" },
    "ready with a solution of null": { errorId: 0, status: "ready", solution: null },
  };
  for (const [what, body] of Object.entries(final)) {
    it(`ends at ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply: { kind: "json", body } });
      const call = sandbox.client().waitForResult(4711);
      await failure(call, TransportError, "BAD_RESPONSE", { taskId: 4711, retryable: false });
      assert.equal((await sandbox.requests()).length, 1);
    });
  }

  it("an unknown status is an answer that cannot be read", async (t) => {
    const sandbox = await sandboxFor(t);
    const body = { errorId: 0, status: "almost" };
    await sandbox.script({ times: 2, reply: { kind: "json", body } });
    const client = sandbox.client();
    const error = await failure(client.getTaskResult(4711), TransportError, "BAD_RESPONSE", {
      taskId: 4711,
    });
    assert.match(error.message, /almost/);
  });

  it("an unknown status does not lose a paid task", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const body = { errorId: 0, status: "almost" };
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body } });
    assert.equal(await sandbox.client().solveImage(bytes), text);
  });

  it("a final fault has the task's id", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    await sandbox.script({ method: "getTaskResult", reply: FAULTS["a 404"].reply });
    let taskId;
    const solving = sandbox.client().solveImage(bytes, {
      onProgress: (event) => {
        taskId = event.taskId;
      },
    });
    const error = await failure(solving, TransportError, "HTTP_STATUS", { httpStatus: 404 });
    assert.ok(taskId > 0);
    assert.equal(error.taskId, taskId);
  });
});

describe("odd but right answers", { concurrency: true, timeout: 30_000 }, () => {
  const balance = '{"errorId":0,"balance":1.5}';
  const replies = {
    "a BOM before the JSON": { kind: "text", body: `\ufeff${balance}` },
    "white space around the JSON": { kind: "text", body: `\r\n\t ${balance} \n\n` },
    "a wrong content type": { kind: "text", contentType: "text/html", body: balance },
    "a binary content type": { kind: "text", contentType: "image/png", body: balance },
    "a status of failure": { kind: "text", status: 500, body: balance },
    "a Retry-After that is nonsense": {
      kind: "text",
      headers: { "retry-after": "soon" },
      body: balance,
    },
    "a slow drip": { kind: "drip", everyMs: 20, body: JSON.parse(balance) },
    "a code that is null": {
      kind: "json",
      body: { errorId: 0, errorCode: null, errorDescription: "", balance: 1.5 },
    },
  };
  for (const [what, reply] of Object.entries(replies)) {
    it(what, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply });
      assert.equal(await sandbox.client().getBalance(), 1.5);
    });
  }

  it("a balance that is no number is refused", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const balance of ["10", null, {}]) {
      await sandbox.script({ reply: { kind: "json", body: { errorId: 0, balance } } });
      await failure(sandbox.client().getBalance(), TransportError, "BAD_RESPONSE");
    }
    await sandbox.script({ reply: { kind: "text", body: '{"errorId":0,"balance":1e999}' } });
    await failure(sandbox.client().getBalance(), TransportError, "BAD_RESPONSE");
  });

  it("a solution passes untouched, however deep or odd", async (t) => {
    const sandbox = await sandboxFor(t);
    const depth = 100_000;
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const odd = String.raw`{"__proto__":{"x":1},"constructor":null,"":"","n":1e999,"big":12345678901234567890,"text":"\u0000\ud800","list":[null,true,-0]}`;
    const body = `{"errorId":0,"status":"ready","cost":"0.1","solution":{"text":"ok","odd":${odd},"deep":${deep}}}`;
    await sandbox.script({ reply: { kind: "text", body } });
    const solved = await sandbox.client().waitForResult(4711);
    assert.equal(solved.solution.text, "ok");
    assert.ok(!("cost" in solved), "a cost that is no number is none");
    assert.deepEqual(solved.solution.odd, JSON.parse(odd));
    let found = 0;
    for (let list = solved.solution.deep; list !== undefined; list = list[0]) found += 1;
    assert.equal(found, depth);
  });

  for (const solution of ["text", 5, false, "", 0, [], {}]) {
    it(`a solution may be ${JSON.stringify(solution)}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const body = { errorId: 0, status: "ready", cost: 1e300, solution };
      await sandbox.script({ reply: { kind: "json", body } });
      const { elapsedMs, ...solved } = await sandbox.client().waitForResult(4711);
      assert.deepEqual(solved, { taskId: 4711, solution, cost: 1e300, polls: 1 });
      assert.equal(typeof elapsedMs, "number");
    });
  }

  it("solveImage() of a solution without text says so, with the task's id", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    const body = { errorId: 0, status: "ready", solution: { token: "x" } };
    await sandbox.script({ method: "getTaskResult", reply: { kind: "json", body } });
    const call = sandbox.client().solveImage(bytes);
    const error = await failure(call, TransportError, "BAD_RESPONSE");
    assert.ok(error.taskId > 0);
  });

  it("an answer of just 4 MiB is read", async (t) => {
    const sandbox = await sandboxFor(t);
    const [head, tail] = ['{"errorId":0,"status":"ready","solution":"', '"}'];
    const solution = "a".repeat(4 * 1024 * 1024 - head.length - tail.length - 1_000);
    // The stand-in reads orders of 4 MiB at most, hence the little that is missing.
    await sandbox.script({ reply: { kind: "text", body: head + solution + tail } });
    assert.equal((await sandbox.client().waitForResult(4711)).solution, solution);
  });

  it("a body without end is left as soon as it is too large", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "big", bytes: 50_000_000_000 } });
    await failure(sandbox.client().getBalance(), TransportError, "BAD_RESPONSE");
    await eventually(async () => (await sandbox.requests())[0].aborted, "the client left");
  });
});

describe("redirects are refused", { concurrency: true, timeout: 30_000 }, () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it(String(status), async (t) => {
      const [sandbox, elsewhere] = await Promise.all([sandboxFor(t), sandboxFor(t)]);
      const location = `${elsewhere.url()}/createTask`;
      await sandbox.script({ times: 2, reply: { kind: "redirect", status, location } });
      const client = sandbox.client();
      const fields = { httpStatus: status, origin: "transport" };
      const creating = client.createTask(TOKEN_TASK);
      await failure(creating, TransportError, "HTTP_STATUS", {
        ...fields,
        mayHaveCreatedTask: false,
      });
      await failure(client.getBalance(), TransportError, "HTTP_STATUS", fields);
      assert.deepEqual(await elsewhere.requests(), []);
      assert.equal((await sandbox.requests()).length, 2);
    });
  }

  it("to the same service as well", async (t) => {
    const sandbox = await sandboxFor(t);
    const location = `${sandbox.url()}/getBalance`;
    await sandbox.script({ reply: { kind: "redirect", status: 307, location } });
    await failure(sandbox.client().getBalance(), TransportError, "HTTP_STATUS");
    assert.equal((await sandbox.requests()).length, 1);
  });
});
