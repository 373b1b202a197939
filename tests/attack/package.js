// Loads the package into a process that is watched: its timers, its memory, and whatever it throws at nobody.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Clock, turn } from "./clock.js";
import { startWatchdog } from "./watchdog.js";

/** What the module holds: its memory, and the list in which its glue keeps the values that it knows. */
class Instance {
  #memory;
  #values = [];

  constructor() {
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (source, imports, ...rest) => {
      const made = await instantiate(source, imports, ...rest);
      const { exports } = made.instance ?? made;
      const memory = Object.values(exports).find((it) => it instanceof WebAssembly.Memory);
      // Node has a module of its own, for HTTP.
      if (imports.env === undefined) this.#memory = memory;
      return made;
    };
    // The glue makes the list in this way, which nothing else does.
    const { fill } = Array.prototype;
    const watch = (list) => {
      if (list.length === 1_024) this.#values = list;
    };
    Array.prototype.fill = function filled(...args) {
      if (args[0] === undefined) watch(this);
      return fill.apply(this, args);
    };
  }

  get memoryBytes() {
    return this.#memory.buffer.byteLength;
  }

  /** How many values it holds. A free place has the number of the next one. */
  get heldValues() {
    return this.#values.filter((it) => typeof it !== "number").length;
  }
}

/** Everything that plays a scenario needs. Nothing else may import the package before. */
export async function load() {
  // First, because it needs timers that work.
  const alive = startWatchdog();
  const realNow = performance.now.bind(performance);
  const say = console.log.bind(console);
  const clock = new Clock();
  clock.install();
  const instance = new Instance();
  const watch = { world: undefined };
  const blame = (rule) => (thrown) => {
    const detail = String(thrown?.stack ?? describe(thrown));
    if (watch.world) watch.world.violate(rule, detail);
    else say(`${rule}, after a scenario: ${detail}`);
  };
  process.on("unhandledRejection", blame("a rejection is unhandled"));
  process.on("uncaughtException", blame("an exception is uncaught"));
  for (const name of ["error", "warn", "log", "info"]) {
    console[name] = (...args) => {
      for (const it of args) watch.world?.written.push(String(it?.stack ?? describe(it)));
    };
  }
  // The stacks of a million errors take their time.
  Error.stackTraceLimit = 6;
  const api = await import("capwire");
  await api.Client.parseCallback('{"errorId":0,"status":"processing"}');
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  /** What the module holds when everything that can be collected has been. */
  const measure = async () => {
    for (let n = 0; n < 4; n += 1) {
      gc();
      await turn();
    }
    return { values: instance.heldValues, memory: instance.memoryBytes };
  };
  return { clock, api, watch, measure, alive, say, realNow };
}

function describe(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
