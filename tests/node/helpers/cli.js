// Runs the command line as a process, from where npm has installed it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEY } from "./sandbox.js";

export const CLI = join(import.meta.dirname, "../../../node_modules/.bin/capwire");

/** Starts a program with a key in its environment, or without one if it is `null`. `ended` has its output. */
export function started(program, args, { key = KEY, stdin = "", stdout = "pipe", cwd } = {}) {
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
export async function cli(args, { key = KEY, ...options } = {}) {
  const result = await started(CLI, args, { key, ...options }).ended;
  assertHidden(key, result);
  return result;
}

export function assertHidden(key, { stdout, stderr }) {
  if (key) assert.ok(!`${stdout}${stderr}`.includes(key), "the key was printed");
}

/** The options for a sandbox. */
export const at = (sandbox, service = "capmonster") => [
  "--service",
  service,
  "--base-url",
  sandbox.url(service),
];

export async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), "capwire-cli-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A captcha in a file. */
export async function captchaFile(t, sandbox) {
  const { text, bytes } = await sandbox.captcha();
  const path = join(await folderFor(t), "captcha.png");
  await writeFile(path, bytes);
  return { text, bytes, path };
}

/** Asserts that a command line is refused as a usage error, in one line. */
export async function usage(args, pattern, options) {
  const { stdout, stderr, code } = await cli(args, options);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^capwire: .+[.?] See capwire --help\.\n$/);
  assert.match(stderr, pattern);
  return stderr;
}

/** The task id in the line that says how to resume. */
export function resumableId(stderr) {
  const found = stderr.match(/To keep waiting, run: capwire result (\d+)/);
  assert.ok(found, stderr);
  return found[1];
}
