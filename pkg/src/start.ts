// Starting the WebAssembly module: lazily, once, and again after a failure.

import { InternalError } from "./errors.js";
import init, { type InitInput } from "./glue.js";

type Source = () => InitInput | Promise<InitInput>;

let source: Source;
let started: Promise<void> | undefined;

/** Says where this kind of runtime gets the module from. Called once, by the entry. */
export function loadFrom(from: Source): void {
  source = from;
}

/**
 * Starts the module, if it is not started yet. Two starts at once would make two modules.
 *
 * It may have to be fetched, so an abort need not wait for it; the start itself goes on for others.
 */
export function start(signal?: AbortSignal): Promise<void> {
  // Anything else that is passed as a signal is refused by the call itself.
  const aborts = signal instanceof AbortSignal;
  if (aborts && signal.aborted) return Promise.reject(signal.reason);
  started ??= load();
  const starting = started;
  if (!aborts) return starting;
  return new Promise((resolve, reject) => {
    // A signal of its own, where there is such a thing: Node warns of many listeners on one signal.
    const own = AbortSignal.any?.([signal]) ?? signal;
    const abort = () => reject(own.reason);
    own.addEventListener("abort", abort, { once: true });
    const stopListening = () => own.removeEventListener("abort", abort);
    starting.then(resolve, reject).finally(stopListening);
  });
}

async function load(): Promise<void> {
  try {
    // A tick later, so that what fails at once is not remembered below after it was forgotten here.
    await init({ module_or_path: await Promise.resolve().then(source) });
  } catch (cause) {
    started = undefined;
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    throw new InternalError({
      name: "InternalError",
      code: "INTERNAL",
      message: `The WebAssembly module could not be started: ${message}`,
      hint: "Check that capwire.wasm can be read where the package lies, and that the Content Security Policy, if any, allows 'wasm-unsafe-eval'.",
      origin: "client",
      retryable: true,
      cause: { name, message },
    });
  }
}
