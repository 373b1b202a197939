// Processes of Node that answer calls, so that each client has a heap and a processor time of its own.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const HOST = join(import.meta.dirname, "host.js");

/**
 * Starts a module that exports `commands`, and maybe `started`.
 *
 * @returns What it started with, and `call(name, ...arguments)`.
 */
export async function start(module, { arguments: args = [], flags = [] } = {}) {
  const child = fork(HOST, [join(import.meta.dirname, module), ...args], {
    execArgv: flags,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const waiting = new Map();
  let calls = 0;
  child.on("message", ({ call, value, error }) => {
    const { resolve, reject } = waiting.get(call);
    waiting.delete(call);
    if (error === undefined) resolve(value);
    else reject(new Error(`${module} ${args.join(" ")}: ${error}`));
  });
  child.on("exit", (code, signal) => {
    const error = new Error(`${module} ${args.join(" ")} ended with ${code ?? signal}`);
    for (const { reject } of waiting.values()) reject(error);
  });
  const answerTo = (call) =>
    new Promise((resolve, reject) => waiting.set(call, { resolve, reject }));
  const value = await answerTo(0);
  return {
    value,
    call(name, ...values) {
      calls += 1;
      child.send({ call: calls, name, values });
      return answerTo(calls);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
