// Abort signals of any shape, with one listener for all calls that share a signal: Node warns of a leak beyond ten.
// Nothing that a signal does throws from here.

import { getAny } from "./values.js";

type Callback = () => void;

/** The calls of a signal. Nearly always there is one, which costs no set. */
interface Shared {
  first: Callback | undefined;
  others: Set<Callback> | undefined;
  /** A function, because a signal of another make may know no other listeners. */
  listener: Callback;
}

const listening = new WeakMap<object, Shared>();

/** What a signal is to a call that starts. */
const NOT_ABORTED = 0;
const ABORTED = 1;
const NO_SIGNAL = 2;

/** Why a signal has aborted. */
export function reasonOf(signal: unknown): unknown {
  return getAny(signal, "reason");
}

/**
 * Whether a signal has aborted, or is none. It is known by its shape: one of another realm is not an instance of this
 * realm's class.
 */
export function stateOfSignal(signal: unknown): number {
  if (signal === undefined) return NOT_ABORTED;
  const aborted = getAny(signal, "aborted");
  const canListen = typeof getAny(signal, "addEventListener") === "function";
  if (!isObject(signal) || typeof aborted !== "boolean" || !canListen) return NO_SIGNAL;
  return aborted ? ABORTED : NOT_ABORTED;
}

function isObject(signal: unknown): signal is AbortSignal {
  return Object(signal) === signal;
}

/** Calls back when a signal aborts, at once if it has. Returns a function that stops that, to be called once. */
export function onAbort(signal: unknown, callback: Callback): () => void {
  // A value that is none is refused by the call itself.
  if (!isObject(signal)) return () => {};
  let shared = listening.get(signal);
  if (shared) {
    shared.others ??= new Set();
    shared.others.add(callback);
  } else {
    shared = listen(signal, callback);
  }
  // It may have aborted while nobody listened, or have called back before this callback was there.
  if (getAny(signal, "aborted") === true) callback();
  return () => {
    if (shared.first === callback) shared.first = undefined;
    else shared.others?.delete(callback);
    if (shared.first || shared.others?.size) return;
    listening.delete(signal);
    try {
      signal.removeEventListener("abort", shared.listener);
    } catch {
      // What stays there calls nobody.
    }
  };
}

function listen(signal: AbortSignal, first: Callback): Shared {
  const shared: Shared = {
    first,
    others: undefined,
    listener() {
      for (const callback of [shared.first, ...(shared.others ?? [])]) callback?.();
    },
  };
  listening.set(signal, shared);
  try {
    signal.addEventListener("abort", shared.listener);
  } catch {
    // A signal that cannot be listened to counts as one that never aborts.
  }
  return shared;
}
