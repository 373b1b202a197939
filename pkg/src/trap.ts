// A trap: an exception out of the WebAssembly module. Whatever was under way in it never ends, for its
// memory may be in any state. So the module is not entered again, and every call, those that wait and those
// to come, fails instead of hanging.

import { InternalError } from "./errors.js";

let trap: { name: string; message: string } | undefined;
let isCalling = false;
/** How many entries into the module are under way, each within the one before. */
let depth = 0;
const waiting = new Set<(error: unknown) => void>();

/** The exports of the module, none of which is entered after a trap. */
export function guarded(exports: WebAssembly.Exports): WebAssembly.Exports {
  const guard = ([name, value]: [string, WebAssembly.ExportValue]) => {
    if (typeof value !== "function") return [name, value];
    const entry = (...args: unknown[]) => {
      if (!trap) {
        depth += 1;
        try {
          return value(...args);
        } catch (error) {
          trap ??= inWords(error);
          for (const reject of waiting) reject(failure());
        } finally {
          depth -= 1;
        }
      }
      // Through the module itself, so that it stops, and to a call that is being made. Out of a timer or an
      // event it would end a Node process, and whoever waits has been told.
      if (isCalling || depth > 0) throw failure();
      // As good as any result: the glue looks into it, and nobody uses what it finds.
      return [];
    };
    return [name, entry];
  };
  return Object.fromEntries(Object.entries(exports).map(guard));
}

/** Calls into the module. */
export function enter<T>(call: () => T): T {
  if (trap) throw failure();
  isCalling = true;
  let result: T;
  try {
    result = call();
  } catch (error) {
    throw trap ? failure() : error;
  } finally {
    isCalling = false;
  }
  // Where the glue took it for an exception of JavaScript's own, and went on.
  if (trap) throw failure();
  return result;
}

/** Calls into the module, and waits for what comes of it or for a trap. */
export function untilTrap<T>(call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = enter(call).then(resolve, reject);
    waiting.add(reject);
    settle.finally(() => waiting.delete(reject));
  });
}

/** What was thrown. Not told by `instanceof`: an `Error` of another realm is one as well. */
export function inWords(thrown: unknown): { name: string; message: string } {
  const { name, message } = Object(thrown);
  const isError = typeof name === "string" && typeof message === "string";
  return isError ? { name, message } : { name: "Error", message: String(thrown) };
}

function failure(): InternalError {
  return new InternalError({
    name: "InternalError",
    code: "INTERNAL",
    message: `The WebAssembly module has failed and cannot go on: ${trap?.message}`,
    hint: "Start the process or the worker anew, and please report it with the versions of capwire and of the runtime.",
    origin: "client",
    retryable: false,
    ...(trap && { cause: trap }),
  });
}
