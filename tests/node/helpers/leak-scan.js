// Searches everything that a process lets out for the tests' keys. `cargo xtask test` loads this into every Node
// process of the suite, including those that tests start: see xtask/src/leak_scan.rs.

// Before capwire, which takes the timers.
import "./timers.js";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { types } from "node:util";
import { CaptchaError, Client } from "capwire";
import { everythingIn } from "./assertions.js";
import { EMPTY_KEY, KEY, WRONG_KEY } from "./sandbox.js";

const folder = process.env.CAPWIRE_LEAK_SCAN;
const keys = [KEY, EMPTY_KEY, WRONG_KEY];
const searched = {};

/** Searches something that others may see for a key: a text, or everything that can be reached from a value. */
export function scan(where, value) {
  if (folder === undefined) return;
  searched[where] = (searched[where] ?? 0) + 1;
  const texts = typeof value === "string" ? value : everythingIn(value);
  for (const key of keys) {
    if (!texts.includes(key)) continue;
    const { stack } = new Error("found here");
    const text = String(texts).replaceAll(key, "[a key]").slice(0, 2_000);
    appendFileSync(join(folder, "found.txt"), `${where} of ${process.pid}: ${text}\n${stack}\n\n`);
  }
}

function start() {
  const { fromJSON } = CaptchaError;
  CaptchaError.fromJSON = function fromRecord(data) {
    const error = Reflect.apply(fromJSON, this, [data]);
    scan("errors", error);
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
    const { body: _, signal: __, ...rest } = init ?? {};
    const headers = new Headers(rest.headers);
    scan("requests", JSON.stringify([String(url), { ...rest, headers: [...headers] }]));
    return fetch(url, init);
  };
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    stream.write = function written(chunk, ...rest) {
      scan("output", String(chunk));
      return Reflect.apply(write, this, [chunk, ...rest]);
    };
  }
  process.on("warning", (warning) => scan("warnings", warning));
  process.on("uncaughtExceptionMonitor", (error) => scan("crashes", error));
  process.on("exit", () => {
    for (const { name, entryType } of performance.getEntries()) {
      scan("performance entries", `${entryType} ${name}`);
    }
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(searched));
  });
}

/** The options with a listener that is watched; options of another form as they are. */
function watched(options) {
  if (types.isProxy(options)) return options;
  if (typeof options !== "object" || options === null) return options;
  if (Object.getPrototypeOf(options) !== Object.prototype) return options;
  const listener = Object.getOwnPropertyDescriptor(options, "onProgress")?.value;
  if (typeof listener !== "function") return options;
  const descriptors = Object.getOwnPropertyDescriptors(options);
  const copy = Object.create(Object.prototype, descriptors);
  Object.defineProperty(copy, "onProgress", {
    ...descriptors.onProgress,
    value(event) {
      scan("events", event);
      return listener.call(this, event);
    },
  });
  return copy;
}

if (folder !== undefined) start();
