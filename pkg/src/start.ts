// Starts the module: on demand, once, and again after a failure.

import { InternalError } from "./errors.js";
import { instantiate } from "./module.js";
import { toErrorData } from "./trap.js";
import type { LoadSource, WasmSource } from "./wasm-source.js";

let started: Promise<void> | undefined;

/**
 * Starts the module from the source that you pass, instead of from the package's own location. You need it only
 * if your bundler or runtime does not ship `capwire.wasm`. Call it once, before the first call of a client,
 * which need not wait for it. Once the module is started, it does nothing.
 *
 * @param wasm The file `capwire/capwire.wasm`: its URL (a `URL` or a string, which is fetched), a `Response`
 *   or a promise of one, its bytes, or a compiled `WebAssembly.Module`.
 * @example
 * ```ts
 * import { init } from "capwire";
 *
 * init(fetch(chrome.runtime.getURL("capwire.wasm")));
 * ```
 * @throws {@link InternalError} if the module cannot be started. The next call tries again, from the package's
 *   own location unless you call `init` again.
 */
export function init(wasm: WasmSource): Promise<void> {
  // If the module is started already, nobody awaits this promise: its rejection must not go unhandled.
  Promise.resolve(wasm).catch(() => {});
  const starting = startOnce(() => wasm);
  // A caller that does not await it learns of a failure from the first call.
  starting.catch(() => {});
  return starting;
}

/**
 * Starts the module if it is not started yet.
 *
 * Fetching it may take a while, so an abort does not wait for it; the start itself continues for other calls.
 */
export function start(signal?: AbortSignal): Promise<void> {
  // Any other value passed as a signal is refused by the call itself.
  const aborts = signal instanceof AbortSignal;
  if (aborts && signal.aborted) return Promise.reject(signal.reason);
  const starting = startOnce();
  if (!aborts) return starting;
  return new Promise((resolve, reject) => {
    // A dependent signal if possible: Node warns of many listeners on one signal.
    const own = AbortSignal.any?.([signal]) ?? signal;
    const abort = () => reject(own.reason);
    own.addEventListener("abort", abort, { once: true });
    const stopListening = () => own.removeEventListener("abort", abort);
    starting.then(resolve, reject).finally(stopListening);
  });
}

/** Two starts at once would make two modules. */
function startOnce(source?: LoadSource): Promise<void> {
  started ??= load(source);
  return started;
}

async function load(source?: LoadSource): Promise<void> {
  try {
    // Wait a tick: a failure at once would reset `started` below before it is assigned above.
    await Promise.resolve();
    await instantiate(source);
  } catch (thrown) {
    started = undefined;
    const cause = toErrorData(thrown);
    throw new InternalError({
      name: "InternalError",
      code: "INTERNAL",
      message: `The WebAssembly module could not be started: ${cause.message}`,
      hint: "Check that capwire.wasm is next to the script, or pass it to init(). A Content Security Policy must allow 'wasm-unsafe-eval' in script-src and the file's URL in connect-src; if it cannot, import capwire/js.",
      origin: "client",
      retryable: true,
      cause,
    });
  }
}
