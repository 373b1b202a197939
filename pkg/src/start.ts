// Starts the module: on demand, once, and again after a failure or a trap.

import { onAbort, reasonOf } from "./abort.js";
import { internalError } from "./internal-error.js";
import { type Glue, glue, instantiate } from "./module.js";
import type { LoadSource } from "./wasm-source.js";

let starting: Promise<Glue> | undefined;

/**
 * Starts the module if it does not run, and returns its glue.
 *
 * Fetching it may take a while, so an abort does not wait for it; the start itself continues for other calls.
 */
export async function start(signal?: unknown): Promise<Glue> {
  if (glue) return glue;
  // Any other value passed as a signal is looked at by the call itself.
  if (!isAbortSignal(signal)) return startOnce();
  let isOver = false;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => {
      isOver = true;
      reject(reasonOf(signal));
    });
  });
  try {
    return await (isOver ? aborted : Promise.race([aborted, startOnce()]));
  } finally {
    stop();
  }
}

function isAbortSignal(value: unknown): boolean {
  try {
    return value instanceof AbortSignal;
  } catch {
    // A revoked proxy, or a place without signals.
    return false;
  }
}

/** Two starts at once would make two modules. */
export function startOnce(source?: LoadSource): Promise<Glue> {
  if (glue) return Promise.resolve(glue);
  starting ??= load(source);
  return starting;
}

async function load(source?: LoadSource): Promise<Glue> {
  try {
    // Wait a tick: a failure at once would reset `starting` below before it is assigned above.
    await Promise.resolve();
    return await instantiate(source);
  } catch (thrown) {
    throw internalError(
      "The WebAssembly module could not be started",
      "Check that capwire.wasm is next to the script, or pass it to init(). A Content Security Policy must allow 'wasm-unsafe-eval' in script-src and the file's URL in connect-src; if it cannot, import capwire/js.",
      thrown,
      { retryable: true },
    );
  } finally {
    starting = undefined;
  }
}
