// What a compatible service answers, through the whole package: ids that are text, answers at once, answers that
// cannot be understood, and a server in a private network.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  CaptchaError,
  Client,
  ImageError,
  OptionsError,
  TransportError,
  UnsolvableError,
} from "capwire";
import { failure, rejection } from "./helpers/assertions.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const CLI = join(import.meta.dirname, "../../node_modules/.bin/capwire");

/** Runs the command line to its end, whatever that is. */
const cli = (args) =>
  new Promise((resolve) => {
    const env = { ...process.env, CAPWIRE_KEY: KEY };
    execFile(CLI, args, { env }, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });

const UUID = "6f1c2a9e-0b1d-4a53-9d0a-0d6cc0a1f5e4";
const json = (body) => ({ reply: { kind: "json", body: { errorId: 0, ...body } } });
const READY = json({ status: "ready", solution: { text: "w7kq" } });

describe("a task id that is text", { concurrency: true, timeout: 60_000 }, () => {
  for (const id of [UUID, "410000123", "0007", "9007199254740993", "задача 7", "-x'y\"z"]) {
    it(`stays ${id} everywhere`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client();
      const events = [];
      await sandbox.script(json({ taskId: id }), json({ status: "processing" }), READY);
      const solved = await client.solve(TOKEN_TASK, { onProgress: (event) => events.push(event) });
      assert.equal(solved.taskId, id);
      assert.deepEqual(
        events.map(({ type }) => type),
        ["created", "poll", "poll"],
      );
      assert.ok(events.every(({ taskId }) => taskId === id));

      await sandbox.script(json({ taskId: id }), READY, READY, json({ status: "success" }));
      assert.equal(await client.createTask(TOKEN_TASK), id);
      assert.equal((await client.getTaskResult(id)).taskId, id);
      assert.equal((await client.waitForResult(id)).taskId, id);
      await client.reportIncorrect(id, "token");
      const sent = (await sandbox.requests()).map(({ body }) => body.taskId).filter((it) => it);
      assert.deepEqual(new Set(sent), new Set([id]));

      await sandbox.script(json({ errorId: 1, errorCode: "ERROR_CAPTCHA_UNSOLVABLE" }));
      const error = await failure(
        client.waitForResult(id),
        UnsolvableError,
        "ERROR_CAPTCHA_UNSOLVABLE",
      );
      assert.equal(error.taskId, id);
      assert.equal(CaptchaError.fromJSON(JSON.parse(JSON.stringify(error))).taskId, id);
    });
  }

  it("the command line prints it so that it can be given back", async (t) => {
    const sandbox = await sandboxFor(t);
    const at = ["--base-url", sandbox.url()];
    for (const [id, shown, argument] of [
      [UUID, UUID, UUID],
      ["0007", "0007", "0007"],
      ["410000123", `'"410000123"'`, '"410000123"'],
      ["it's", `'it'\\''s'`, "it's"],
      [410000123, "410000123", "410000123"],
    ]) {
      await sandbox.script(json({ taskId: id }), {
        reply: { kind: "text", status: 404, body: "" },
      });
      const task = JSON.stringify(TOKEN_TASK);
      const { stderr } = await cli(["solve", "--task", task, ...at]);
      assert.ok(stderr.includes(`run: capwire result ${shown} (with`), stderr);
      await sandbox.script(READY);
      const { stdout } = await cli(["result", argument, "--json", ...at]);
      assert.equal(JSON.parse(stdout).taskId, id);
      assert.equal((await sandbox.requests()).at(-1).body.taskId, id);
    }
  });
});

describe("an answer at once", { concurrency: true, timeout: 60_000 }, () => {
  const atOnce = (more) => json({ status: "ready", solution: { text: "w7kq" }, ...more });

  it("is the result of solve(), with and without an id", async (t) => {
    const sandbox = await sandboxFor(t);
    const events = [];
    const options = { onProgress: ({ type }) => events.push(type) };
    await sandbox.script(atOnce({ taskId: UUID, cost: "0.0007" }), atOnce({}));
    const { elapsedMs: _, ...first } = await sandbox.client().solve(TOKEN_TASK, options);
    const solution = { text: "w7kq" };
    assert.deepEqual(first, { taskId: UUID, solution, cost: 0.0007, polls: 0 });
    const { elapsedMs: __, ...second } = await sandbox.client().solve(TOKEN_TASK, options);
    assert.deepEqual(second, { taskId: 0, solution, polls: 0 });
    assert.deepEqual(events, ["created"]);
    assert.equal((await sandbox.requests()).length, 2);
  });

  it("is kept for waitForResult() if createTask() was called, and otherwise in the error", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    await sandbox.script(atOnce({ taskId: UUID }), atOnce({}));
    assert.equal(await client.createTask(TOKEN_TASK), UUID);
    assert.equal((await client.waitForResult(UUID)).solution.text, "w7kq");
    const error = await failure(client.createTask(TOKEN_TASK), TransportError, "BAD_RESPONSE");
    assert.deepEqual(error.solution, { text: "w7kq" });
    assert.equal(error.mayHaveCreatedTask, true);
    assert.equal((await sandbox.requests()).length, 2);
  });
});

describe("an answer that cannot be used is in the error", {
  concurrency: true,
  timeout: 60_000,
}, () => {
  for (const solution of [
    { text: ["a", "b"] },
    { words: "w7kq" },
    ["a", "b"],
    { text: null },
    0.5 > 1,
  ]) {
    it(`solveImage() of ${JSON.stringify(solution)}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { bytes } = await sandbox.captcha();
      await sandbox.script({ method: "getTaskResult", ...json({ status: "ready", solution }) });
      const error = await failure(
        sandbox.client().solveImage(bytes),
        TransportError,
        "BAD_RESPONSE",
      );
      assert.deepEqual(error.solution, solution);
      assert.deepEqual(CaptchaError.fromJSON(JSON.parse(JSON.stringify(error))).solution, solution);
    });
  }

  it("an unknown state with a solution, and a ready one without", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    await sandbox.script(json({ status: "reviewed", solution: { text: "w7kq" } }));
    const odd = await failure(client.waitForResult(5), TransportError, "BAD_RESPONSE");
    assert.deepEqual([odd.solution, odd.taskId], [{ text: "w7kq" }, 5]);
    await sandbox.script(json({ status: "ready", answer: "w7kq" }));
    const bare = await failure(client.waitForResult(6), TransportError, "BAD_RESPONSE");
    assert.deepEqual(bare.solution, { errorId: 0, status: "ready", answer: "w7kq" });
  });

  it("texts that are numbers or lists are texts", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    for (const [text, expected] of [
      [44795, "44795"],
      [["HELLO"], "HELLO"],
      [[7], "7"],
    ]) {
      await sandbox.script({
        method: "getTaskResult",
        ...json({ status: "Completed", solution: { text } }),
      });
      assert.equal(await sandbox.client().solveImage(bytes), expected);
    }
  });

  it("a kind of image that the service does not read is an ImageError", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    const code = "ERROR_IMAGE_TYPE_NOT_SUPPORTED";
    await sandbox.script(json({ errorId: 15, errorCode: code }));
    await failure(sandbox.client().solveImage(bytes), ImageError, code, { origin: "service" });
  });
});

describe("a profile of one's own", { concurrency: true, timeout: 60_000 }, () => {
  it("asks at its own pace", async (t) => {
    const sandbox = await sandboxFor(t);
    const service = { ...(await sandbox.client().ready()), name: "own", pollIntervalMs: 20 };
    const waiting = json({ status: "processing" });
    await sandbox.script(json({ taskId: 5 }), ...Array(9).fill(waiting), READY);
    const client = new Client({ clientKey: KEY, service });
    const solved = await client.solve(TOKEN_TASK, { timeoutMs: 15_000, pollIntervalMs: 20 });
    assert.equal(solved.polls, 10);
    assert.ok(solved.elapsedMs < 2_000 * 5, `${solved.elapsedMs} ms`);
    assert.equal((await client.ready()).pollIntervalMs, 20);
  });

  it("may reach a private network over plain http, and no other", async () => {
    const profile = (baseUrl, more) => ({
      name: "own",
      baseUrl,
      imageLimits: { minBytes: 1, maxBytes: 9_000 },
      reports: [],
      ...more,
    });
    const sent = [];
    const fetch = async (url) => {
      sent.push(url);
      return new Response('{"errorId":0,"balance":1}');
    };
    const ask = (service) => new Client({ clientKey: KEY, service, fetch }).getBalance();
    assert.equal(await ask(profile("http://192.168.7.7:8000", { allowInsecure: true })), 1);
    assert.equal(await ask(profile("http://solver:8000", { allowInsecure: true })), 1);
    for (const service of [
      profile("http://192.168.7.7:8000"),
      profile("http://captcha.example", { allowInsecure: true }),
      profile("http://8.8.8.8", { allowInsecure: true }),
    ]) {
      await failure(ask(service), OptionsError, "INVALID_OPTIONS", { option: "service.baseUrl" });
    }
    const fast = profile("https://API.capmonster.cloud.:443", { pollIntervalMs: 500 });
    const error = await rejection(ask(fast));
    assert.equal(error.option, "service.pollIntervalMs");
    assert.deepEqual(sent, ["http://192.168.7.7:8000/getBalance", "http://solver:8000/getBalance"]);
  });
});

describe("a read is repeated", { concurrency: true, timeout: 60_000 }, () => {
  const faults = {
    "a reset": { kind: "reset" },
    "a cut body": { kind: "cut" },
    "a 500": { kind: "text", status: 500, body: "oops" },
    "a 502": { kind: "text", status: 502, body: "<html>" },
  };
  for (const [what, reply] of Object.entries(faults)) {
    it(`after ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client();
      const service = { ...(await client.ready()), userAgentUrl: `${sandbox.url()}/agent` };
      await sandbox.script({ reply }, json({ balance: 3 }));
      assert.equal(await client.getBalance(), 3);
      await sandbox.script({ reply }, json({ status: "success" }));
      await client.reportIncorrect(5, "image");
      await sandbox.script({ reply }, { reply: { kind: "text", body: "Mozilla/5.0" } });
      assert.equal(await new Client({ clientKey: KEY, service }).getUserAgent(), "Mozilla/5.0");
      assert.equal((await sandbox.requests()).length, 6);
      await sandbox.forgetRequests();
      await sandbox.script({ reply });
      const error = await rejection(client.createTask(TOKEN_TASK));
      assert.equal(error.mayHaveCreatedTask, true);
      assert.equal((await sandbox.requests()).length, 1);
    });
  }

  it("after a time-out", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "hang", where: "in-body" } }, json({ balance: 3 }));
    assert.equal(await sandbox.client({ requestTimeoutMs: 1_500 }).getBalance(), 3);
  });
});
