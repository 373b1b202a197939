// Abort signals of any shape, with one listener for all calls that share a signal: Node warns of a leak beyond ten.

const listening = new WeakMap<object, { callbacks: Set<() => void>; listener: () => void }>();

/** Calls back when a signal aborts. Returns a function that stops that. */
export function onAbort(signal: unknown, callback: () => void): () => void {
  if (typeof signal !== "object" || signal === null) return () => {};
  let shared = listening.get(signal);
  if (!shared) {
    const callbacks = new Set<() => void>();
    const listener = () => {
      for (const each of [...callbacks]) each();
    };
    shared = { callbacks, listener };
    listening.set(signal, shared);
    try {
      (signal as AbortSignal).addEventListener("abort", listener);
    } catch {
      // A signal that cannot be listened to counts as one that never aborts.
    }
  }
  const { callbacks, listener } = shared;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || listening.get(signal)?.callbacks !== callbacks) return;
    listening.delete(signal);
    try {
      (signal as AbortSignal).removeEventListener("abort", listener);
    } catch {
      // What stays there calls nobody.
    }
  };
}
