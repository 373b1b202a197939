// Runs workerd with one constant of config.capnp, and prints what the worker reports.

import { deepEqual } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import workerd from "workerd";

const [constant, body] = process.argv.slice(2);
const server = spawn(
  workerd.default,
  ["serve", "workerd/config.capnp", constant, "--control-fd=3"],
  {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    // A server that hangs must not outlive this script.
    timeout: 180_000,
  },
);
try {
  const [line] = await once(createInterface(server.stdio[3]), "line");
  const { port } = JSON.parse(line);
  const ask = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body });
    return response.text();
  };
  // All at once: they share the module, but none may touch a timer or a connection of another.
  const [report, ...texts] = await Promise.all([ask("/"), ask("/solve"), ask("/solve")]);
  const { text } = JSON.parse(body);
  deepEqual(texts, [text, text]);
  console.log(report);
} finally {
  server.kill();
}
