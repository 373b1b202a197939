// Abort signals of any shape, with one listener for all calls that share a signal: Node warns of a leak beyond ten.
// Nothing that a signal does throws from here.

interface Shared {
  callbacks: Set<() => void>;
  listener: () => void;
}

const listening = new WeakMap<object, Shared>();

/** Why a signal has aborted. */
export function reasonOf(signal: unknown): unknown {
  return read(signal, "reason");
}

function read(signal: unknown, key: keyof AbortSignal): unknown {
  try {
    return (signal as AbortSignal)[key];
  } catch {
    return undefined;
  }
}

/** Calls back when a signal aborts, at once if it has. Returns a function that stops that. */
export function onAbort(signal: unknown, callback: () => void): () => void {
  const isSignal =
    Object(signal) === signal && typeof read(signal, "addEventListener") === "function";
  // A value that is none is refused by the call itself.
  if (!isSignal) return () => {};
  const shared = listening.get(signal as object) ?? listen(signal as AbortSignal);
  shared.callbacks.add(callback);
  // It may have aborted while nobody listened, or have called back before this callback was there.
  if (read(signal, "aborted") === true) callback();
  return () => {
    shared.callbacks.delete(callback);
    if (shared.callbacks.size > 0 || listening.get(signal as object) !== shared) return;
    listening.delete(signal as object);
    try {
      (signal as AbortSignal).removeEventListener("abort", shared.listener);
    } catch {
      // What stays there calls nobody.
    }
  };
}

function listen(signal: AbortSignal): Shared {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of [...callbacks]) callback();
  };
  const shared = { callbacks, listener };
  listening.set(signal, shared);
  try {
    signal.addEventListener("abort", listener);
  } catch {
    // A signal that cannot be listened to counts as one that never aborts.
  }
  return shared;
}
