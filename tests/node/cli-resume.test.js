// The command line when a call is stopped or fails: a task that is paid for is not lost.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import { eventually, timed } from "./helpers/assertions.js";
import { assertHidden, at, CLI, captchaFile, cli, resumableId, started } from "./helpers/cli.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

describe("a task that is not lost", { concurrency: 3, timeout: 300_000 }, () => {
  it("a timeout says how to resume, and result resumes", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 2_500 });
    const { text, path } = await captchaFile(t, sandbox);
    const late = await cli(["solve", path, "--timeout", "1", ...at(sandbox)]);
    assert.deepEqual([late.stdout, late.code], ["", 23]);
    assert.match(
      late.stderr,
      /^capwire: The task was not ready in time: .*\n.{10,}\ncapwire: .*\n$/,
    );
    // Their values may be secret, or differ in another shell.
    assert.match(late.stderr, /\(with the same --service, --base-url\)\n$/);
    const id = resumableId(late.stderr);
    const { stdout, code } = await cli(["result", id, ...at(sandbox)]);
    assert.deepEqual([stdout, code], [`${text}\n`, 0]);
    const again = await cli(["result", id, "--json", "--type", "ImageToTextTask", ...at(sandbox)]);
    const { taskId, solution } = JSON.parse(again.stdout);
    assert.deepEqual([taskId, solution], [Number(id), { text }]);
    assert.equal((await sandbox.requests("createTask")).length, 1);
  });

  it("--type sets how long to wait", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { bytes } = await sandbox.captcha();
    const id = await sandbox.client().createTask({ type: "ImageToTextTask", body: bytes });
    const args = ["result", String(id), "--type", "ImageToTextTask", ...at(sandbox)];
    const { value, ms } = await timed(() => cli(args));
    assert.equal(value.code, 23);
    assert.equal(resumableId(value.stderr), String(id));
    assert.ok(ms > 9_900 && ms < 15_000, `${ms} ms`);
  });

  it("with --json the one line of the error has the task id", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { path } = await captchaFile(t, sandbox);
    const args = ["solve", path, "--json", "--timeout", "0.5", ...at(sandbox)];
    const { stdout, stderr, code } = await cli(args);
    assert.deepEqual([stdout, code], ["", 23]);
    const error = capwire.CaptchaError.fromJSON(JSON.parse(stderr));
    assert.ok(error instanceof capwire.SolveTimeoutError);
    assert.equal(error.code, "SOLVE_TIMEOUT");
    assert.ok(Number.isSafeInteger(error.taskId));
  });

  it("an answer that makes no sense leaves the task to be asked for again", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, path } = await captchaFile(t, sandbox);
    const nonsense = { kind: "json", body: { errorId: 0, status: "ready" } };
    await sandbox.script({ method: "getTaskResult", reply: nonsense });
    const { stderr, code } = await cli(["solve", path, ...at(sandbox)]);
    assert.equal(code, 22);
    const { stdout } = await cli(["result", resumableId(stderr), ...at(sandbox)]);
    assert.equal(stdout, `${text}\n`);
  });

  for (const [code, exit] of [
    ["ERROR_CAPTCHA_UNSOLVABLE", 18],
    ["ERROR_RECAPTCHA_TIMEOUT", 18],
    ["ERROR_NO_SUCH_CAPCHA_ID", 17],
  ]) {
    it(`${code} is final: there is nothing to resume`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { path } = await captchaFile(t, sandbox);
      await sandbox.script({ method: "getTaskResult", reply: { kind: "error", code } });
      const result = await cli(["solve", path, ...at(sandbox)]);
      assert.equal(result.code, exit);
      assert.doesNotMatch(result.stderr, /capwire result/);
    });
  }

  for (const [signal, exit] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ]) {
    it(`${signal} stops at once and says how to resume`, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 3_000 });
      const { text, path } = await captchaFile(t, sandbox);
      const { child, ended } = started(CLI, ["solve", path, ...at(sandbox)]);
      await eventually(
        async () => (await sandbox.requests("getTaskResult")).length > 0,
        "a result request",
      );
      const { value: result, ms } = await timed(() => {
        child.kill(signal);
        return ended;
      });
      assert.ok(ms < 1_000, `${ms} ms`);
      assert.deepEqual([result.stdout, result.code, result.signal], ["", exit, null]);
      assert.match(result.stderr, new RegExp(`^capwire: stopped by ${signal}\ncapwire: .*\n$`));
      assertHidden(KEY, result);
      const { stdout } = await cli(["result", resumableId(result.stderr), ...at(sandbox)]);
      assert.equal(stdout, `${text}\n`);
    });
  }

  it("a second Ctrl-C does not cut off what the first one says", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { path } = await captchaFile(t, sandbox);
    const { child, ended } = started(CLI, ["solve", path, ...at(sandbox)]);
    await eventually(
      async () => (await sandbox.requests("getTaskResult")).length > 0,
      "a result request",
    );
    // As from a terminal, where npx forwards a signal that both have received.
    child.kill("SIGINT");
    child.kill("SIGINT");
    const { stderr, code, signal } = await ended;
    resumableId(stderr);
    // While Node shuts down, the system handles signals itself. A shell sees 130 for that too.
    assert.ok(code === 130 || signal === "SIGINT", `${code} ${signal}`);
  });

  it("Ctrl-C while the task is being created says that it may exist", async (t) => {
    const sandbox = await sandboxFor(t);
    const { path } = await captchaFile(t, sandbox);
    await sandbox.script({
      method: "createTask",
      reply: { kind: "hang", where: "before-headers" },
    });
    const { child, ended } = started(CLI, ["solve", path, ...at(sandbox)]);
    await eventually(
      async () => (await sandbox.requests("createTask")).length > 0,
      "the request for the task",
    );
    child.kill("SIGINT");
    const { stdout, stderr, code } = await ended;
    assert.deepEqual([stdout, code], ["", 130]);
    assert.match(stderr, /may exist and be charged/);
  });

  it("Ctrl-C during result says which task it was, as JSON too", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 60_000 });
    const { bytes } = await sandbox.captcha();
    const taskId = await sandbox.client().createTask({ type: "ImageToTextTask", body: bytes });
    const { child, ended } = started(CLI, ["result", String(taskId), "--json", ...at(sandbox)]);
    await eventually(
      async () => (await sandbox.requests("getTaskResult")).length > 0,
      "a result request",
    );
    child.kill("SIGINT");
    const { stdout, stderr, code } = await ended;
    assert.deepEqual([stdout, code], ["", 130]);
    const message = "stopped by SIGINT";
    assert.deepEqual(JSON.parse(stderr), { name: "AbortError", message, taskId });
  });

  it("Ctrl-C ends a wait for standard input", async () => {
    const child = spawn(CLI, ["solve", "-"], { env: { ...process.env, CAPWIRE_KEY: KEY } });
    // Node handles the signal once it is running. Before that the system does, with the same result.
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill("SIGINT");
    const [, signal] = await once(child, "close");
    assert.equal(signal, "SIGINT");
  });
});
