// Scripts in a Node process of their own, whose behaviour can only be seen from outside.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The folder of the tests. */
const TESTS = join(import.meta.dirname, "..");

/**
 * Runs the source of a module as a user's script beside the tests.
 *
 * @param {string} script
 * @param {{ flags?: string[], cwd?: string, type?: "module" | "commonjs", isBare?: boolean }} [options] Bare is
 *   without what the tests load into every process, which imports the package before the script.
 * @returns Its output and exit code.
 */
export async function run(script, options = {}) {
  const { flags = [], cwd = TESTS, type = "module", isBare = false } = options;
  // The scripts that the tests load into every process import the package under the usual conditions only.
  const hasConditions = flags.some((flag) => flag.startsWith("--conditions"));
  const env = hasConditions || isBare ? { ...process.env, NODE_OPTIONS: "" } : process.env;
  const child = spawn(process.execPath, [...flags, `--input-type=${type}`, "--eval", script], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { stdout, stderr, code };
}

/** The same for a script that must succeed and print one line of JSON. */
export async function runForJson(script, options) {
  const { stdout, stderr, code } = await run(script, options);
  if (code !== 0) throw new Error(`the script ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
