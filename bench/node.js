// The clients in Node, each in a process of its own.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { start } from "./process.js";

const FIRST_SOLVE = join(import.meta.dirname, "first-solve.js");

export class NodePlace {
  constructor(service) {
    this.service = service;
  }

  /** A process with a client. */
  open({ file }) {
    return start("solve.js", { arguments: [file, this.service.value], flags: ["--expose-gc"] });
  }

  /** How long a new process takes from the import of a client to its first solution, in ms. */
  firstSolve({ file }) {
    return firstSolve(file, this.service.value);
  }

  async close() {}
}

/** How long a new process takes to import a client's package, in ms. */
export function importTime({ entry, package: name }) {
  return firstSolve("", "", entry ?? name);
}

async function firstSolve(...args) {
  const env = { ...process.env, NODE_OPTIONS: "" };
  const { stdout } = await promisify(execFile)(process.execPath, [FIRST_SOLVE, ...args], { env });
  return Number(stdout);
}
