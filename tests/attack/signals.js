// Signals that abort a call, of every shape, and the moment at which they do.

import { getEventListeners } from "node:events";

/** What a signal aborts with. */
export class Reason extends Error {}

const MOMENTS = ["answer", "read", "timer", "progress", "fetch"];

/**
 * A signal for some calls.
 *
 * @returns {{ signal: unknown, reasons: unknown[], abortedAt?: number, isOrdinary: boolean, left(): number }}
 *   `reasons` are those with which a call may reject; `left` counts the listeners that are still there.
 */
export function anySignal(world) {
  const { tape } = world;
  const source = tape.weighted([
    [8, ordinary],
    [1, combined],
    [1, deaf],
    [1, wrapper],
    [1, throwing],
    [1, eager],
    [1, fickle],
  ])(world);
  const abort = () => {
    source.abortedAt ??= world.clock.now;
    source.abort();
  };
  const moment = tape.weighted([
    [1, "never"],
    [1, "before"],
    [4, "time"],
    [4, "event"],
  ]);
  if (moment === "before") abort();
  if (moment === "time") world.clock.after(tape.pick([0, 1, 400, 2_500, 20_000]), abort);
  if (moment === "event") world.moments.on(tape.pick(MOMENTS), tape.below(6), abort);
  return source;
}

function ordinary(world) {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = world.tape.pick([new Reason("stop"), undefined, null, "text", 0]);
  return {
    signal,
    isOrdinary: true,
    // Without a reason the platform makes one.
    get reasons() {
      return [signal.reason];
    },
    abort: () => controller.abort(reason),
    left: () => getEventListeners(signal, "abort").length,
  };
}

function combined(world) {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([first.signal, second.signal]);
  return {
    signal,
    isOrdinary: true,
    get reasons() {
      return [signal.reason];
    },
    abort: () => world.tape.pick([first, second]).abort(new Reason("stop")),
    left: () => getEventListeners(signal, "abort").length,
  };
}

/** A signal by its shape: what wrappers and polyfills make. */
function shaped(add, remove, change = {}) {
  const listeners = new Set();
  const reason = new Reason("stop");
  const state = { aborted: false };
  const signal = {
    get aborted() {
      return state.aborted;
    },
    reason,
    addEventListener: (_, listener) => add(listeners, listener),
    removeEventListener: (_, listener) => remove(listeners, listener),
    ...change,
  };
  const abort = () => {
    state.aborted = true;
    for (const listener of [...listeners]) listener({ type: "abort" });
  };
  return {
    signal,
    reasons: [reason, undefined],
    isOrdinary: false,
    abort,
    left: () => 0,
    listeners,
  };
}

const add = (listeners, listener) => listeners.add(listener);
const remove = (listeners, listener) => listeners.delete(listener);
const boom = () => {
  throw new RangeError("boom");
};

function wrapper(world) {
  const source = shaped(add, remove);
  return { ...source, isOrdinary: true, left: () => source.listeners.size, world };
}

/** It forgets nobody: its listeners are called long after the call has ended, and more than once. */
function deaf(world) {
  const source = shaped(add, () => {});
  world.clock.after(50_000, source.abort);
  return {
    ...source,
    abort() {
      source.abort();
      source.abort();
    },
  };
}

function throwing(world) {
  const change = world.tape.pick([
    { addEventListener: boom },
    { removeEventListener: boom },
    {
      get reason() {
        return boom();
      },
    },
  ]);
  // Spread would call the getter.
  const source = shaped(add, remove);
  Object.defineProperties(source.signal, Object.getOwnPropertyDescriptors(change));
  return source;
}

/** It aborts while it is being listened to. */
function eager() {
  const source = shaped((listeners, listener) => {
    listeners.add(listener);
    source.abort();
  }, remove);
  return source;
}

/** It changes its mind. */
function fickle() {
  let looks = 0;
  const change = {
    get aborted() {
      looks += 1;
      return looks % 2 === 0;
    },
  };
  const source = shaped(add, remove);
  Object.defineProperties(source.signal, Object.getOwnPropertyDescriptors(change));
  return source;
}
