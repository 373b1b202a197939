// Faults between the client and the service: a call ends in time, says what happened, buys
// nothing twice and, once a task exists, keeps waiting.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import * as capwire from "capwire";
import { makeCall } from "../browser/pages/make-call.js";
import { eventually, failure, timed } from "./helpers/assertions.js";
import { tryFaults } from "./helpers/fault-suite.js";
import { bomb, FAULTS, RETRY_AFTERS } from "./helpers/faults.js";
import { runForJson } from "./helpers/process.js";
import { rowsOf } from "./helpers/reliability-rows.js";
import { deadUrl, KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const { Client, SolveTimeoutError, TransportError } = capwire;

const rows = rowsOf("node-faults");
tryFaults({
  name: "Node",
  open: async () => (order) => makeCall(capwire, order),
  rows,
  concurrency: true,
});

/** How long one request with a fault may take on a busy machine. */
const IN_TIME_MS = 5_000;

describe("createTask", { concurrency: true, timeout: 60_000 }, () => {
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

describe("waiting for a result", { concurrency: true, timeout: 60_000 }, () => {
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
    await sandbox.script({ method: "getTaskResult", reply: { kind: "text", status: 404 } });
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

describe("unusual but valid answers", { concurrency: true, timeout: 30_000 }, () => {
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

  it("a balance that is not a number is refused", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const balance of ["much", "", "10,5", "0x10", null, {}]) {
      await sandbox.script({ reply: { kind: "json", body: { errorId: 0, balance } } });
      await failure(sandbox.client().getBalance(), TransportError, "BAD_RESPONSE");
    }
    await sandbox.script({ reply: { kind: "text", body: '{"errorId":0,"balance":1e999}' } });
    await failure(sandbox.client().getBalance(), TransportError, "BAD_RESPONSE");
  });

  it("a balance may be the text of a number", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const [balance, number] of [
      ["10.50", 10.5],
      ["0.00070", 0.0007],
      ["-3", -3],
    ]) {
      await sandbox.script({ reply: { kind: "json", body: { errorId: "0", balance } } });
      assert.equal(await sandbox.client().getBalance(), number);
    }
  });

  it("a solution passes through unchanged, even a deep or unusual one", async (t) => {
    const sandbox = await sandboxFor(t);
    const depth = 100_000;
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const unusual = String.raw`{"__proto__":{"x":1},"constructor":null,"":"","n":1e999,"big":12345678901234567890,"text":"\u0000\ud800","list":[null,true,-0]}`;
    const body = `{"errorId":0,"status":"ready","cost":"free","solution":{"text":"ok","unusual":${unusual},"deep":${deep}}}`;
    await sandbox.script({ reply: { kind: "text", body } });
    const solved = await sandbox.client().waitForResult(4711);
    assert.equal(solved.solution.text, "ok");
    assert.ok(!("cost" in solved), "a cost that is not a number is left out");
    assert.deepEqual(solved.solution.unusual, JSON.parse(unusual));
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
    // The sandbox reads scripts of up to 4 MiB, so a few bytes are missing.
    await sandbox.script({ reply: { kind: "text", body: head + solution + tail } });
    assert.equal((await sandbox.client().waitForResult(4711)).solution, solution);
  });

  it("a body without end is left as soon as it is too large", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "big", bytes: 50_000_000_000 } });
    const call = sandbox.client({ maxRetries: 0 }).getBalance();
    await failure(call, TransportError, "BAD_RESPONSE");
    await eventually(async () => (await sandbox.requests())[0].aborted, "the client left");
  });
});

it("a redirect to the same service is refused as well", { timeout: 30_000 }, async (t) => {
  const sandbox = await sandboxFor(t);
  const location = `${sandbox.url()}/getBalance`;
  await sandbox.script({ reply: { kind: "redirect", status: 307, location } });
  await failure(sandbox.client().getBalance(), TransportError, "HTTP_STATUS", { httpStatus: 307 });
  assert.equal((await sandbox.requests()).length, 1);
});

describe("memory stays flat", { timeout: 120_000 }, () => {
  const floods = {
    "endless bodies": { kind: "big", bytes: 50_000_000_000 },
    "gzip bombs of 256 MiB": bomb(256),
  };
  for (const [index, [what, reply]] of Object.entries(floods).entries()) {
    it(`8 ${what}, and the connections are closed`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply, times: 10 });
      // A process of its own, so that nothing else changes its memory.
      const { codes, rssMb, wasmMb } = await runForJson(`
        const memories = [];
        const { instantiate } = WebAssembly;
        WebAssembly.instantiate = async (...given) => {
          const made = await instantiate(...given);
          // Under any name that the build gives it.
          const { exports } = made.instance ?? made;
          memories.push(...Object.values(exports).filter((it) => it instanceof WebAssembly.Memory));
          return made;
        };
        const { Client } = await import("capwire");
        const baseUrl = ${JSON.stringify(sandbox.url())};
        const client = new Client({ clientKey: "k".repeat(32), baseUrl, maxRetries: 0 });
        const ask = () => client.getBalance().then(() => "read", (error) => error.code);
        const mb = () => [process.memoryUsage.rss(), memories[0].buffer.byteLength].map((n) => n / 1e6);
        // The memory that the first calls need anyway.
        await ask();
        await ask();
        const [rss, wasm] = mb();
        const codes = [];
        for (let i = 0; i < 8; i += 1) codes.push(await ask());
        const [rssAfter, wasmAfter] = mb();
        console.log(JSON.stringify({ codes, rssMb: rssAfter - rss, wasmMb: wasmAfter - wasm }));
      `);
      assert.deepEqual(codes, Array(8).fill("BAD_RESPONSE"));
      // In full they would take 2 GB.
      assert.ok(rssMb < 150, `the process has grown by ${rssMb} MB`);
      assert.ok(wasmMb < 1, `the module's memory has grown by ${wasmMb} MB`);
      await eventually(
        async () => (await sandbox.requests()).every(({ aborted }) => aborted),
        "the client left each of them",
      );
      rows.add(FAULTS.length + RETRY_AFTERS.length + index, {
        place: "Node",
        fault: `8 ${what}, one after the other`,
        outcome:
          "`BAD_RESPONSE`, each connection closed; memory of the process grows by less than 150 MB, of the module by less than 1 MB",
        runs: 8,
      });
    });
  }
});
