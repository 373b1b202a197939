// One scenario: some clients, some calls, a service, and whatever goes wrong.

import { startCall } from "./calls.js";
import { turn } from "./clock.js";
import { checkRules } from "./rules.js";
import { makeFetch } from "./service.js";
import { clientOptions } from "./settings.js";
import { anySignal } from "./signals.js";
import { anyValue } from "./values.js";
import { World } from "./world.js";

/** More steps than any scenario needs: a timer that is set again for ever is no progress. */
const MAX_STEPS = 100_000;
/** So many turns of the event loop, after the last timer, are given to what the platform does on its own. */
const IDLE_TURNS = 3;
const SLOW_IDLE_TURNS = 60;

/** Plays a scenario to its end and returns the rules that it broke. */
export async function play(tape, { clock, api, watch, wrapFetch, route = (fetch) => fetch }) {
  clock.clear();
  const world = new World(tape, clock, api);
  watch.world = world;
  prepare(world);
  const clean = pollute(world);
  try {
    const clients = makeClients(world, (fetch) => route(wrapFetch?.(fetch, world) ?? fetch));
    const signals = Array.from({ length: 1 + tape.below(2) }, () => anySignal(world));
    for (let left = 1 + tape.below(5); left > 0; left -= 1) {
      const client = tape.pick(clients);
      const source = tape.chance(45) ? undefined : tape.pick(signals);
      const delay = tape.pick([0, 0, 0, 10, 1_000, 4_000]);
      if (delay === 0) startCall(world, client, source);
      else clock.after(delay, () => startCall(world, client, source));
    }
    await finish(world);
    const isOver = world.calls.every(({ state }) => state !== "pending");
    for (const { isOrdinary, left } of signals) {
      if (isOver && isOrdinary && left() > 0)
        world.violate("a listener is left on a signal", left());
    }
  } finally {
    clean();
    clock.clear();
  }
  checkRules(world);
  watch.world = undefined;
  return world;
}

function prepare(world) {
  const { tape, clock, moments } = world;
  clock.onTimer = () => moments.tell("timer");
  const kind = tape.weighted([
    [8, "punctual"],
    [2, "early"],
    [2, "late"],
    [1, "hidden tab"],
    [1, "asleep"],
  ]);
  world.isPunctual = kind === "punctual";
  const lateness = {
    punctual: () => 0,
    early: () => -tape.fraction(),
    late: () => tape.below(700),
    "hidden tab": (due) => Math.ceil(due / 60_000) * 60_000 - due,
    asleep: () => (tape.chance(10) ? 900_000 : 0),
  };
  clock.lateness = lateness[kind];
  if (tape.chance(10)) extension(world);
  else globalThis.chrome = undefined;
}

/** The process looks like an extension. */
function extension(world) {
  const getPlatformInfo = world.tape.pick([
    () => Promise.resolve({}),
    () => {
      throw new Error("boom");
    },
    () => Promise.reject(new Error("boom")),
    () => anyValue(world),
    5,
  ]);
  globalThis.chrome = { runtime: { getPlatformInfo } };
}

const POLLUTED = [
  "fetch",
  "signal",
  "onProgress",
  "clientKey",
  "type",
  "body",
  "status",
  "headers",
  "text",
  "getReader",
  "errorId",
  "taskId",
  "messages",
  "baseUrl",
  "done",
  "timeoutMs",
  "cause",
  "size",
];

/** Pollutes the prototype of all objects, as some libraries do by accident. Returns what undoes it. */
function pollute(world) {
  const { tape } = world;
  if (!tape.chance(3)) return () => {};
  world.isPolluted = true;
  const name = tape.pick(POLLUTED);
  const value = tape.pick([1, "text", null, (...args) => stolen(world, args)]);
  const enumerable = tape.chance(50);
  Object.defineProperty(Object.prototype, name, {
    value,
    enumerable,
    configurable: true,
    writable: true,
  });
  return () => delete Object.prototype[name];
}

function stolen(world, args) {
  const body = String(args[1]?.body);
  if (body.includes(world.key)) world.violate("a polluted prototype gets the key", body);
  throw new Error("polluted");
}

/** One to three clients, which often share an account. */
function makeClients(world, wrap) {
  const { tape, api, key } = world;
  const faults = tape.pick([0, 10, 40, 80]);
  const newFetch = () => wrap(makeFetch(world, { faults }));
  const shared = newFetch();
  globalThis.fetch = newFetch();
  const clients = [];
  for (let left = 1 + tape.below(3); left > 0; left -= 1) {
    const fetch = tape.chance(30) ? newFetch() : shared;
    const suffix = tape.chance(20) ? "__module" : "";
    const options = clientOptions(world, { key: `${key}${suffix}`, fetch });
    try {
      clients.push(new api.Client(options));
    } catch (error) {
      world.violate("the constructor throws", error);
    }
  }
  return clients.length > 0 ? clients : [new api.Client({ clientKey: key, fetch: shared })];
}

/** Lets time pass until nothing is left to happen. */
async function finish(world) {
  const { clock } = world;
  let idle = 0;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    await turn();
    if (world.isSlow) await turn();
    const isPending = world.calls.some(({ state }) => state === "pending");
    if (clock.isEmpty) {
      idle += 1;
      const limit = world.isSlow && isPending ? SLOW_IDLE_TURNS : IDLE_TURNS;
      if (idle > limit) return;
      continue;
    }
    idle = 0;
    if (!isPending && clock.left > 0) {
      // What it has just ended may still be winding up.
      for (let n = 0; n < 5; n += 1) await turn();
      if (clock.left > 0 && !world.calls.some(({ state }) => state === "pending")) {
        world.violate("a timer is left", `${clock.left}`);
        return;
      }
    }
    clock.step();
  }
  world.violate("the scenario has no end", `${clock.left} timers`);
}
