// The commands of the command line, and its exit codes.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import { timed } from "./helpers/assertions.js";
import { at, captchaFile, cli, folderFor, usage } from "./helpers/cli.js";
import { EXIT_CODES, SERVICE_CODES } from "./helpers/error-codes.js";
import { deadUrl, EMPTY_KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";

describe("capwire balance", { concurrency: 2, timeout: 300_000 }, () => {
  for (const service of ["capmonster", "brocapgpt"]) {
    it(`prints the balance at ${service}, and nothing else`, async (t) => {
      const sandbox = await sandboxFor(t);
      assert.deepEqual(await cli(["balance", ...at(sandbox, service)]), {
        stdout: "10\n",
        stderr: "",
        code: 0,
        signal: null,
      });
      const [{ service: asked }] = await sandbox.requests("getBalance");
      assert.equal(asked, service);
    });
  }

  it("--json prints it as JSON", async (t) => {
    const sandbox = await sandboxFor(t);
    const { stdout, code } = await cli(["balance", "--json", ...at(sandbox)]);
    assert.equal(code, 0);
    assert.equal(stdout, '{"balance":10}\n');
  });

  it("--timeout bounds a request that hangs", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "hang", where: "before-headers" }, times: 4 });
    const { value, ms } = await timed(() => cli(["balance", "--timeout", "0.1", ...at(sandbox)]));
    assert.equal(value.code, 22);
    assert.match(value.stderr, /within 100 ms/);
    // Four requests, and pauses of up to 7 s between them.
    assert.ok(ms < 15_000, `${ms} ms`);
  });
});

describe("capwire solve", { concurrency: 2, timeout: 300_000 }, () => {
  it("prints the text in an image alone, from a path", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, path } = await captchaFile(t, sandbox);
    assert.deepEqual(await cli(["solve", path, ...at(sandbox)]), {
      stdout: `${text}\n`,
      // It is not a terminal, so there is no progress either.
      stderr: "",
      code: 0,
      signal: null,
    });
  });

  it("reads the image from standard input", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const { stdout, code } = await cli(["solve", "-", ...at(sandbox)], { stdin: bytes });
    assert.deepEqual([stdout, code], [`${text}\n`, 0]);
  });

  it("--json prints one line of JSON", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, path } = await captchaFile(t, sandbox);
    const { stdout, code } = await cli(["solve", path, "--json", ...at(sandbox)]);
    assert.equal(code, 0);
    assert.equal(stdout.indexOf("\n"), stdout.length - 1);
    const { taskId, elapsedMs, cost: _, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, { solution: { text }, polls: 1 });
    assert.ok(Number.isSafeInteger(taskId) && elapsedMs > 0, stdout);
  });

  it("--task gives the task, and the image becomes its body", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes, path } = await captchaFile(t, sandbox);
    const body = Buffer.from(bytes).toString("base64");
    for (const task of [{ type: "ImageToTextTask", numeric: 0 }, { numeric: 0 }]) {
      await sandbox.forgetRequests();
      const args = ["solve", "--task", JSON.stringify(task), path, ...at(sandbox)];
      const { stdout, code } = await cli(args);
      assert.deepEqual([stdout, code], [`${text}\n`, 0]);
      const [request] = await sandbox.requests("createTask");
      assert.deepEqual(request.body.task, { type: "ImageToTextTask", numeric: 0, body });
    }
  });

  it("--task alone is the task, also from a file, and its solution is printed as JSON", async (t) => {
    const sandbox = await sandboxFor(t);
    const task = { type: "MadeUpTask", websiteURL: "https://example.com", extra: [null, ""] };
    const file = join(await folderFor(t), "task.json");
    await writeFile(file, JSON.stringify(task));
    const solution = { list: [1], token: "abc" };
    for (const given of [JSON.stringify(task), `@${file}`]) {
      await sandbox.forgetRequests();
      await sandbox.script(
        { method: "createTask", reply: { kind: "json", body: { errorId: 0, taskId: 77 } } },
        {
          method: "getTaskResult",
          reply: { kind: "json", body: { errorId: 0, status: "ready", solution } },
        },
      );
      const { stdout, stderr, code } = await cli(["solve", "--task", given, ...at(sandbox)]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, `${JSON.stringify(solution)}\n`);
      const [request] = await sandbox.requests("createTask");
      assert.deepEqual(request.body.task, task);
    }
  });

  it("refuses an image that is too small, and sends nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    const { stdout, stderr, code } = await cli(["solve", "-", ...at(sandbox)], { stdin: "tiny" });
    assert.deepEqual([stdout, code], ["", 12]);
    assert.match(stderr, /^capwire: The image is smaller .*\b4 bytes.*\n.{10,}\n$/);
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("refuses a task without a type, and sends nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    const { stderr, code } = await cli(["solve", "--json", "--task", "{}", ...at(sandbox)]);
    assert.equal(code, 13);
    const { name, code: errorCode, field } = JSON.parse(stderr);
    assert.deepEqual([name, errorCode, field], ["TaskError", "INVALID_TASK", "type"]);
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("takes the options' rules from the core", async () => {
    for (const [args, option] of [
      [["--service", "other"], "service"],
      [["--base-url", "http://example.com"], "baseUrl"],
      [["--timeout", "3e9"], "timeoutMs"],
    ]) {
      const { stderr, code } = await cli(["result", "5", "--json", ...args]);
      assert.equal(code, 24, stderr);
      const error = JSON.parse(stderr);
      assert.deepEqual([error.code, error.option], ["INVALID_OPTIONS", option]);
    }
  });
});

describe("capwire errors", { timeout: 300_000 }, () => {
  it("prints what each code means, and its exit code", async () => {
    const { stdout, code } = await cli(["errors"], { key: null });
    assert.equal(code, 0);
    const rows = await capwire.errorTable();
    const blocks = stdout.trimEnd().split("\n\n");
    assert.equal(blocks.length, rows.length);
    for (const [at, row] of rows.entries()) {
      assert.equal(
        blocks[at],
        `${row.code} (${row.name}, exit code ${EXIT_CODES[row.name]})\n` +
          `  ${row.message}.\n  ${row.hint}\n` +
          `  The same call may succeed later without changes: ${row.retryable ? "yes" : "no"}.`,
      );
    }
  });

  it("prints one code, as JSON too", async () => {
    const { stdout, code } = await cli(["errors", "ERROR_ZERO_BALANCE"]);
    assert.equal(code, 0);
    assert.match(stdout, /^ERROR_ZERO_BALANCE \(BalanceError, exit code 11\)\n/);
    assert.equal(stdout.split("\n").length, 5);
    const json = JSON.parse((await cli(["errors", "ERROR_ZERO_BALANCE", "--json"])).stdout);
    const rows = (await capwire.errorTable()).filter((row) => row.code === "ERROR_ZERO_BALANCE");
    assert.deepEqual(
      json,
      rows.map((row) => ({ ...row, exitCode: 11 })),
    );
  });

  it("refuses a code that it does not know", async () => {
    await usage(["errors", "ERROR_SOMETHING_ELSE"], /: Unknown error code\. See/);
  });

  it("errorTable() has every class, with words for each code", async () => {
    const rows = await capwire.errorTable();
    assert.deepEqual(new Set(rows.map((row) => row.name)), new Set(Object.keys(EXIT_CODES)));
    assert.equal(new Set(rows.map((row) => row.code)).size, rows.length);
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), ["code", "name", "retryable", "message", "hint"]);
      assert.equal(typeof row.retryable, "boolean");
      assert.ok(row.message.length > 10 && row.hint.length > 10, row.code);
    }
    const of = (code) => rows.find((row) => row.code === code);
    assert.deepEqual(
      [of("ERROR_NO_SLOT_AVAILABLE").retryable, of("NETWORK").retryable],
      [true, true],
    );
    assert.equal(of("ERROR_KEY_DOES_NOT_EXIST").retryable, false);
  });
});

describe("exit codes", { concurrency: 2, timeout: 300_000 }, () => {
  it("a wrong key is 10, and is not printed", async (t) => {
    const sandbox = await sandboxFor(t);
    const { stdout, stderr, code } = await cli(["balance", ...at(sandbox)], { key: WRONG_KEY });
    assert.deepEqual([stdout, code], ["", 10]);
    assert.match(stderr, /^capwire: The service does not know this client key.*\n.{10,}\n$/);
    const json = await cli(["balance", "--json", ...at(sandbox)], { key: WRONG_KEY });
    assert.equal(json.code, 10);
    assert.equal(JSON.parse(json.stderr).code, "ERROR_KEY_DOES_NOT_EXIST");
  });

  it("an empty account is 11", async (t) => {
    const sandbox = await sandboxFor(t);
    const { path } = await captchaFile(t, sandbox);
    assert.equal((await cli(["solve", path, ...at(sandbox)], { key: EMPTY_KEY })).code, 11);
  });

  it("a task that nobody knows is 17", async (t) => {
    const sandbox = await sandboxFor(t);
    assert.equal((await cli(["result", "12345", ...at(sandbox)])).code, 17);
  });

  it("a service that is down is 22", async () => {
    const url = await deadUrl();
    const { stdout, stderr, code } = await cli(["balance", "--base-url", url]);
    assert.deepEqual([stdout, code], ["", 22]);
    assert.match(stderr, /ECONNREFUSED/);
  });

  it("every class of the service's errors has its own", async (t) => {
    const sandbox = await sandboxFor(t);
    // The last code of each class.
    const rows = [...new Map(SERVICE_CODES.map((row) => [row.class, row])).values()];
    rows.push({ code: "ERROR_SOMETHING_NEW", class: "UnknownServiceError", exitCode: 21 });
    for (const { code: error, exitCode } of rows) {
      await sandbox.script({ method: "createTask", reply: { kind: "error", code: error } });
      const args = ["solve", "--json", "--task", '{"type":"MadeUpTask"}', ...at(sandbox)];
      const { stderr, code } = await cli(args);
      assert.deepEqual([code, JSON.parse(stderr).code], [exitCode, error]);
    }
  });
});
