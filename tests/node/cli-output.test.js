// What the command line prints, and where.

import assert from "node:assert/strict";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import {
  assertHidden,
  at,
  CLI,
  captchaFile,
  cli,
  folderFor,
  resumableId,
  started,
} from "./helpers/cli.js";
import { EXIT_CODES } from "./helpers/error-codes.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

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
