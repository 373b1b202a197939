// Starting the WebAssembly module: lazily, once, and again after a failure.

import { InternalError } from "./errors.js";
import { instantiate } from "./module.js";
import { inWords } from "./trap.js";

/** `WebAssembly.Module`, where the user's own types know it: those of Node do not. */
type Module = typeof globalThis extends {
  WebAssembly: { Module: new (...args: never[]) => infer M };
}
  ? M
  : never;

/** What {@link init} takes: `capwire.wasm` in any form in which a program may have it. */
export type WasmSource =
  | string
  | URL
  | Response
  | Promise<Response>
  | ArrayBuffer
  | ArrayBufferView
  | Module;

export type Source = () => WasmSource | Promise<WasmSource>;

let started: Promise<void> | undefined;

/**
 * Starts the module from where you say, instead of from where the package lies. Only needed where a bundler or
 * a runtime does not bring `capwire.wasm` along: call it once, before the first call of a client, which
 * need not wait for it. It does nothing where the module is started already.
 *
 * @param wasm The file `capwire/capwire.wasm`: its address (a `URL` or text, which is fetched), a `Response`
 *   or a promise of one, its bytes, or a compiled `WebAssembly.Module`.
 * @example
 * ```ts
 * import { init } from "capwire";
 *
 * init(fetch(chrome.runtime.getURL("capwire.wasm")));
 * ```
 * @throws {@link InternalError} where it cannot be started. The next call tries again, from where the package
 *   lies unless `init` is called once more.
 */
export function init(wasm: WasmSource): Promise<void> {
  // Of no use where the module is started already, and then nobody else would learn of its failure.
  Promise.resolve(wasm).catch(() => {});
  const starting = begin(() => wasm);
  // Who does not wait for it learns of a failure by the first call.
  starting.catch(() => {});
  return starting;
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
  const starting = begin();
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

function begin(from?: Source): Promise<void> {
  started ??= load(from);
  return started;
}

async function load(from?: Source): Promise<void> {
  try {
    // A tick later, so that what fails at once is not remembered above after it was forgotten here.
    await Promise.resolve();
    await instantiate(from);
  } catch (thrown) {
    started = undefined;
    const cause = inWords(thrown);
    throw new InternalError({
      name: "InternalError",
      code: "INTERNAL",
      message: `The WebAssembly module could not be started: ${cause.message}`,
      hint: "Check that capwire.wasm lies beside the script, or pass it to init(). A Content Security Policy must have 'wasm-unsafe-eval' in its script-src, and the file's address in its connect-src; where it cannot, import capwire/js.",
      origin: "client",
      retryable: true,
      cause,
    });
  }
}
