// Looks for the tests' keys in whatever a process lets out. `cargo xtask test` loads this into every Node
// process of the suite, the command line's and those that tests start included: see xtask/src/leak_scan.rs.

import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CaptchaError, Client } from "capwire";
import { everythingIn } from "./assertions.js";
import { EMPTY_KEY, KEY, WRONG_KEY } from "./sandbox.js";

const folder = process.env.CAPWIRE_LEAK_SCAN;
const keys = [KEY, EMPTY_KEY, WRONG_KEY];
const looked = {};

/** Looks for a key in something that others may see: a text, or all that can be reached from a value. */
export function look(where, value) {
  if (folder === undefined) return;
  looked[where] = (looked[where] ?? 0) + 1;
  const texts = typeof value === "string" ? value : everythingIn(value);
  for (const key of keys) {
    if (!texts.includes(key)) continue;
    const { stack } = new Error("found here");
    const text = String(texts).replaceAll(key, "[a key]").slice(0, 2_000);
    appendFileSync(join(folder, "found.txt"), `${where} of ${process.pid}: ${text}\n${stack}\n\n`);
  }
}

function hunt() {
  const { fromJSON } = CaptchaError;
  CaptchaError.fromJSON = function fromRecord(data) {
    const error = Reflect.apply(fromJSON, this, [data]);
    look("errors", error);
    return error;
  };
  for (const name of ["createTask", "solve", "solveImage", "waitForResult", "solveAll"]) {
    const original = Client.prototype[name];
    Client.prototype[name] = function listening(input, options, ...rest) {
      return Reflect.apply(original, this, [input, watched(options), ...rest]);
    };
  }
  const { fetch } = globalThis;
  globalThis.fetch = (url, init) => {
    const { body: _, signal: __, ...told } = init ?? {};
    const headers = new Headers(told.headers);
    look("requests", JSON.stringify([String(url), { ...told, headers: [...headers] }]));
    return fetch(url, init);
  };
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    stream.write = function written(chunk, ...rest) {
      look("output", String(chunk));
      return Reflect.apply(write, this, [chunk, ...rest]);
    };
  }
  process.on("warning", (warning) => look("warnings", warning));
  process.on("uncaughtExceptionMonitor", (error) => look("crashes", error));
  process.on("exit", () => {
    for (const { name, entryType } of performance.getEntries()) {
      look("performance entries", `${entryType} ${name}`);
    }
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(looked));
  });
}

/** The options with a listener that is looked over the shoulder; odd ones as they are. */
function watched(options) {
  if (typeof options !== "object" || options === null) return options;
  if (Object.getPrototypeOf(options) !== Object.prototype) return options;
  const listener = Object.getOwnPropertyDescriptor(options, "onProgress")?.value;
  if (typeof listener !== "function") return options;
  const descriptors = Object.getOwnPropertyDescriptors(options);
  const copy = Object.create(Object.prototype, descriptors);
  Object.defineProperty(copy, "onProgress", {
    ...descriptors.onProgress,
    value(event) {
      look("events", event);
      return listener.call(this, event);
    },
  });
  return copy;
}

if (folder !== undefined) hunt();
