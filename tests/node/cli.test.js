// The command line, run as a process from where npm has installed it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import { eventually, timed } from "./helpers/assertions.js";
import { EXIT_CODES, SERVICE_CODES } from "./helpers/error-codes.js";
import { deadUrl, EMPTY_KEY, KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";

const CLI = join(import.meta.dirname, "../../node_modules/.bin/capwire");

/** Starts a program with a key in its environment, or without one if it is `null`. `ended` has its output. */
function started(program, args, { key = KEY, stdin = "", stdout = "pipe", cwd } = {}) {
  const { CAPWIRE_KEY: _, ...env } = process.env;
  if (key !== null) env.CAPWIRE_KEY = key;
  const child = spawn(program, args, { env, cwd, stdio: ["pipe", stdout, "pipe"] });
  child.stdin.on("error", () => {}).end(stdin);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name]?.setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  const ended = once(child, "close").then(([code, signal]) => ({ ...output, code, signal }));
  return { child, ended };
}

/** Runs the command to its end. Its output must never have the key. */
async function cli(args, { key = KEY, ...options } = {}) {
  const result = await started(CLI, args, { key, ...options }).ended;
  assertHidden(key, result);
  return result;
}

function assertHidden(key, { stdout, stderr }) {
  if (key) assert.ok(!`${stdout}${stderr}`.includes(key), "the key was printed");
}

/** The options for a sandbox. */
const at = (sandbox, service = "capmonster") => [
  "--service",
  service,
  "--base-url",
  sandbox.url(service),
];

async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), "capwire-cli-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A captcha in a file. */
async function captchaFile(t, sandbox) {
  const { text, bytes } = await sandbox.captcha();
  const path = join(await folderFor(t), "captcha.png");
  await writeFile(path, bytes);
  return { text, bytes, path };
}

/** Asserts that a command line is refused as a usage error, in one line. */
async function usage(args, pattern, options) {
  const { stdout, stderr, code } = await cli(args, options);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^capwire: .+[.?] See capwire --help\.\n$/);
  assert.match(stderr, pattern);
  return stderr;
}

/** The task id in the line that says how to resume. */
function resumableId(stderr) {
  const found = stderr.match(/To keep waiting, run: capwire result (\d+)/);
  assert.ok(found, stderr);
  return found[1];
}

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

describe("what it prints", { concurrency: 3, timeout: 300_000 }, () => {
  it("progress is on standard error when that is a terminal", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, path } = await captchaFile(t, sandbox);
    await sandbox.script(
      { method: "createTask", reply: { kind: "error", code: "ERROR_NO_SLOT_AVAILABLE" } },
      { method: "getTaskResult", reply: { kind: "error", code: "CAPTCHA_NOT_READY" } },
    );
    // A pseudo-terminal for standard error alone: standard output goes to a file.
    const answer = join(await folderFor(t), "answer");
    const command = [CLI, "solve", path, ...at(sandbox)].map((word) => `'${word}'`).join(" ");
    const args = ["-qec", `${command} >'${answer}'`, "/dev/null"];
    const { stdout: terminal, code } = await started("script", args).ended;
    assert.equal(code, 0, terminal);
    assert.equal(await readFile(answer, "utf8"), `${text}\n`);
    assertHidden(KEY, { stdout: terminal, stderr: "" });
    const lines = terminal.trim().split("\r\n");
    const expected = [
      /^capwire: retrying createTask in \d+\.\d s: The service has no free server .*$/,
      /^capwire: task \d+ created after \d+\.\d s$/,
      /^capwire: result request 1 after \d+\.\d s: processing$/,
      /^capwire: result request 2 after \d+\.\d s: ready$/,
    ];
    assert.equal(lines.length, expected.length, terminal);
    for (const [at, pattern] of expected.entries()) assert.match(lines[at], pattern);
  });

  it("what a service wrote does not drive the terminal", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({
      reply: { kind: "text", status: 404, body: "\u001b]0;title\u0007\u001b[2J\nno" },
    });
    const { stderr, code } = await cli(["balance", ...at(sandbox)]);
    assert.equal(code, 22);
    assert.match(stderr, /^\P{Cc}+\n\P{Cc}+\n$/u);
  });

  it("a reader that goes away is not a failure", async () => {
    const { child, ended } = started(CLI, ["errors"]);
    child.stdout.destroy();
    const { stderr, code } = await ended;
    assert.deepEqual([stderr, code], ["", 0]);
  });

  it("an answer that cannot be written is one, and the task can be asked for again", async (t) => {
    const sandbox = await sandboxFor(t);
    const { path } = await captchaFile(t, sandbox);
    const full = await open("/dev/full", "w");
    t.after(() => full.close());
    const { stderr, code } = await cli(["solve", path, ...at(sandbox)], { stdout: full.fd });
    assert.equal(code, 1);
    assert.match(stderr, /^capwire: the answer could not be written: ENOSPC/);
    resumableId(stderr);
  });

  it("--help documents every option and every exit code", async () => {
    const { stdout, stderr, code } = await cli(["--help"], { key: null });
    assert.deepEqual([stderr, code], ["", 0]);
    const documented = stdout.matchAll(/^ {2,5}(\d+) {2}(\w+Error): \w.+$/gm);
    const codes = Object.fromEntries([...documented].map(([, n, name]) => [name, Number(n)]));
    assert.deepEqual(codes, EXIT_CODES);
    for (const code of [0, 2, 130, 143]) assert.match(stdout, new RegExp(`^ +${code}  \\w`, "m"));
    for (const word of ["balance", "solve", "result", "errors", "CAPWIRE_KEY"]) {
      assert.ok(stdout.includes(word), word);
    }
    for (const name of "task type service base-url timeout key-file json help version".split(" ")) {
      assert.match(stdout, new RegExp(`^  (-h, )?--${name} `, "m"));
    }
    assert.ok(stdout.split("\n").every((line) => line.length <= 100));
    for (const args of [["-h"], ["solve", "--help"]]) {
      assert.equal((await cli(args, { key: null })).stdout, stdout);
    }
  });

  it("docs/cli.md documents the same exit codes", async () => {
    const page = await readFile(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
    const documented = page.matchAll(/^\| (\d+) \| `(\w+Error)`/gm);
    const codes = Object.fromEntries([...documented].map(([, n, name]) => [name, Number(n)]));
    assert.deepEqual(codes, EXIT_CODES);
  });

  it("every error class has an exit code", () => {
    const classes = Object.keys(capwire).filter((name) => name.endsWith("Error"));
    const own = classes.filter((name) => name !== "CaptchaError");
    assert.deepEqual(Object.keys(EXIT_CODES).sort(), own.sort());
  });

  it("--version is that of the package, by npx too", async () => {
    const manifest = JSON.parse(
      await readFile(new URL(import.meta.resolve("capwire/package.json")), "utf8"),
    );
    assert.equal((await cli(["--version"])).stdout, `${manifest.version}\n`);
    const args = ["--offline", "capwire", "--version"];
    const npx = await started("npx", args, { cwd: join(import.meta.dirname, "../..") }).ended;
    assert.deepEqual([npx.stdout, npx.code], [`${manifest.version}\n`, 0], npx.stderr);
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

describe("the key", { concurrency: 2, timeout: 300_000 }, () => {
  it("comes from the first line of a file, which wins over the environment", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    for (const [text, sent] of [
      [KEY, KEY],
      [`${KEY}\n`, KEY],
      [`${KEY}\r\nanother line\n`, KEY],
      [`\ufeff${KEY}\n`, KEY],
      [` ${KEY} \t\n`, KEY],
      [`\ufeff"${KEY}"\n`, KEY],
    ]) {
      await writeFile(file, text);
      await sandbox.forgetRequests();
      await cli(["balance", "--key-file", file, ...at(sandbox)], { key: WRONG_KEY });
      const [request] = await sandbox.requests();
      assert.equal(request.body.clientKey, sent);
    }
  });

  it("is taken from the environment as it is", async (t) => {
    const sandbox = await sandboxFor(t);
    const key = `${KEY}__nocache`;
    assert.equal((await cli(["balance", ...at(sandbox)], { key })).code, 0);
    const [request] = await sandbox.requests();
    assert.equal(request.body.clientKey, key);
  });

  it("may have white space and quotes around it in the environment", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const key of [`${KEY}\n`, ` ${KEY}\r\n`, `"${KEY}"`, `'${KEY}'`]) {
      await sandbox.forgetRequests();
      assert.equal((await cli(["balance", ...at(sandbox)], { key })).code, 0);
      assert.equal((await sandbox.requests())[0].body.clientKey, KEY);
    }
  });

  it("is not sent if it cannot be one", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    const cases = [`${KEY} ${KEY}`, `${KEY}…`, `кл${KEY}`].map((key) => [key, undefined]);
    for (const bytes of [Buffer.from(`\ufeff${KEY}\r\n`, "utf16le"), Buffer.from(KEY, "utf16le")]) {
      cases.push([KEY, bytes]);
    }
    for (const [key, bytes] of cases) {
      if (bytes) await writeFile(file, bytes);
      const args = ["balance", ...(bytes ? ["--key-file", file] : []), ...at(sandbox)];
      const { stderr, code } = await cli(args, { key });
      assert.equal(code, EXIT_CODES.OptionsError, stderr);
      assert.match(stderr, /a letter that no key has/);
      assert.ok(!stderr.includes(KEY.slice(0, 8)), "a part of the key is shown");
    }
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("is missed", async (t) => {
    const empty = join(await folderFor(t), "key");
    await writeFile(empty, `\n${KEY}\n`);
    await usage(["balance"], /There is no key: .*CAPWIRE_KEY.*--key-file/, { key: "" });
    await usage(["balance"], /There is no key/, { key: null });
    await usage(["balance", "--key-file", empty], /first line of the key file is empty/);
    await usage(["balance", "--key-file", `${empty}.no`], /Cannot read the key file \(ENOENT/);
    // A key where the file's name belongs.
    await usage(["balance", "--key-file", KEY], /Cannot read the key file \(ENOENT/);
  });

  for (const args of [
    ["--key", KEY],
    [`--key=${KEY}`],
    [`--key${KEY}`],
    [`--KEY=${KEY}`],
    [`-key=${KEY}`],
    [`--keyfile=${KEY}`],
    ["--client-key", KEY],
    [`--clientKey=${KEY}`],
    [`--api-key=${KEY}`],
  ]) {
    it(`is refused as ${args.join(" ").replace(KEY, "…")}`, async () => {
      await usage(["balance", ...args], /cannot be an argument.*CAPWIRE_KEY/);
      await usage([...args, "balance"], /cannot be an argument.*CAPWIRE_KEY/);
    });
  }

  it("is not repeated where it stands by mistake", async () => {
    for (const args of [
      [KEY],
      ["balance", KEY],
      ["solve", KEY],
      ["errors", KEY],
      ["solve", "--task", KEY],
      ["solve", "--task", `{"type":${KEY}`],
      ["solve", "--task", `@${KEY}`],
      ["balance", "--timeout", KEY],
      ["balance", `-k${KEY}`],
    ]) {
      await usage(args, /./);
    }
    for (const args of [
      ["result", `${KEY}x`],
      ["balance", "--service", KEY],
      ["balance", "--base-url", `https://${KEY}@example.com`],
    ]) {
      const { code } = await cli(args, { key: "another" });
      assert.ok(code === 13 || code === 24, `${code}`);
      const { stdout, stderr } = await cli(args, { key: "another" });
      assertHidden(KEY, { stdout, stderr });
    }
  });

  it("is not in the process list", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    await writeFile(file, `${KEY}\n`);
    await sandbox.script({ times: 2, reply: { kind: "hang", where: "before-headers" } });
    for (const [more, options] of [
      [[], {}],
      [["--key-file", file], { key: null }],
    ]) {
      await sandbox.forgetRequests();
      const { child, ended } = started(CLI, ["balance", ...more, ...at(sandbox)], options);
      await eventually(async () => (await sandbox.requests()).length > 0, "a request");
      const [{ body }] = await sandbox.requests();
      const shown = await readFile(`/proc/${child.pid}/cmdline`, "latin1");
      child.kill("SIGINT");
      assert.equal((await ended).code, 130);
      assert.equal(body.clientKey, KEY);
      assert.ok(shown.includes("balance") && !shown.includes(KEY), shown);
    }
  });
});

describe("usage errors", { concurrency: 2, timeout: 300_000 }, () => {
  for (const [args, pattern] of [
    [[], /A command is missing/],
    [["blance"], /: Unknown command\. Did you mean balance\? See/],
    [["Sovle"], /: Unknown command\. Did you mean solve\? See/],
    [["bla"], /: Unknown command\. See/],
    [["toString"], /: Unknown command\. See/],
    [["balance", "--frobnicate"], /Unknown option '--frobnicate'\. See/],
    [["balance", "--tmeout", "5"], /Unknown option '--tmeout'\. Did you mean --timeout\? See/],
    [["balance", "--base-uri=x"], /Unknown option '--base-uri'\. Did you mean --base-url\? See/],
    [["errors", "error_zero_balance"], /code\. Did you mean ERROR_ZERO_BALANCE\? See/],
    [["balance", "-x"], /Unknown option '-x'/],
    [["balance", "--timeout"], /'--timeout <value>' argument missing/],
    [["balance", "--json=yes"], /'--json' does not take an argument/],
    [["balance", "more"], /Too many arguments for balance/],
    [["balance", "--task", "{}"], /balance does not take --task/],
    [["solve", "a.png", "--type", "X"], /solve does not take --type/],
    [["errors", "--service", "capmonster"], /errors does not take --service/],
    [["balance", "--timeout", "soon"], /number of seconds/],
    [["balance", "--timeout="], /number of seconds/],
    [["balance", "--timeout", "0"], /number of seconds above 0/],
    [["balance", "--timeout=-1"], /number of seconds above 0/],
    [["solve"], /IMAGE or a --task/],
    [["solve", "a.png", "b.png"], /Too many arguments for solve/],
    [["solve", "no-such-file.png"], /Cannot read the image \(ENOENT/],
    [["solve", "."], /Cannot read the image \(EISDIR/],
    [["solve", "--task", "{type:1}"], /--task is not valid JSON/],
    [["solve", "--task", "[]"], /--task must be a JSON object/],
    [["solve", "--task", "null"], /--task must be a JSON object/],
    [
      ["solve", "a.png", "--task", '{"type":"TurnstileTask"}'],
      /IMAGE is only for an ImageToTextTask/,
    ],
    [["result"], /result needs an ID/],
    [["result", "1", "2"], /Too many arguments for result/],
  ]) {
    it(`capwire ${args.join(" ")}`, async () => {
      await usage(args, pattern);
    });
  }

  for (const [args, message] of [
    [["balance", "--service", "other"], /: `--service` must be capmonster or brocapgpt\n/],
    [["balance", "--base-url", "http://a.example"], /: `--base-url` must start with https:/],
    [["balance", "--base-url", "http://127.0.0.1:9/\\"], /: `--base-url` must not contain/],
    [["result", "12x"], /: ID must be a task id/],
  ]) {
    it(`capwire ${args.join(" ")} names what is wrong by its name in the terminal`, async () => {
      const { stderr, code } = await cli(args);
      assert.ok(code === 13 || code === 24, `${code}`);
      assert.match(stderr, message);
    });
  }

  it("an invalid id is refused by the core", async () => {
    const { stderr, code } = await cli(["result", "12x", "--json"]);
    assert.equal(code, 13);
    const error = JSON.parse(stderr);
    assert.deepEqual([error.code, error.field], ["INVALID_TASK", "taskId"]);
  });
});
