// A trap is an exception thrown out of the WebAssembly module. Pending work in it never ends, because its memory may
// be in any state. So that instance is not entered again, every pending call fails instead of hanging, and the next
// call starts a fresh instance.

import type { InternalError } from "./errors.js";
import { internalError, type TaskData, toErrorData } from "./internal-error.js";

type Listener = (error: (data?: TaskData) => InternalError) => void;

const listeners: Listener[] = [];
let isCalling = false;
/** The number of nested entries into the module. */
let depth = 0;
/** The number of traps so far, and how many of them the listeners know. */
let traps = 0;
let reported = 0;
let lastTrap: unknown;
/** Whether a module that has crashed is entered once more. */
let isSalvaging = false;

/** Calls back when the module traps. Errors are made by the function that the listener gets. */
export function onTrap(listener: Listener): void {
  listeners.push(listener);
}

/** The exports of an instance, which cannot be entered after a trap. */
export function guarded(exports: WebAssembly.Exports): WebAssembly.Exports {
  const before = traps;
  const guard = ([name, value]: [string, WebAssembly.ExportValue]) => {
    if (typeof value !== "function") return [name, value];
    const entry = (...args: unknown[]) => {
      if (traps === before || isSalvaging) {
        depth += 1;
        try {
          return value(...args);
        } catch (error) {
          if (isSalvaging) throw error;
          // Nothing that could fail: where the stack is exhausted, no function can be called.
          if (traps === before) {
            traps += 1;
            lastTrap = error;
          }
        } finally {
          depth -= 1;
        }
      }
      report();
      // Throw through the module, so that it stops, and to a caller. Thrown out of a timer or an event it
      // would end a Node process, and pending calls are rejected already.
      if (isCalling || depth > 0) throw trapError();
      // Any value will do: the glue destructures it, but no caller is left to see it.
      return [];
    };
    return [name, entry];
  };
  return Object.fromEntries(Object.entries(exports).map(guard));
}

/** Calls into the module. */
export function callWasm<T>(call: () => T): T {
  const before = traps;
  isCalling = true;
  let result: T;
  try {
    result = call();
  } catch (error) {
    // A failure record, or the error of an instance that is dead already. Anything else was thrown by the glue,
    // which has not finished what it began.
    if (traps === before && Object(error).hint) throw error;
    if (traps === before) {
      traps += 1;
      lastTrap = error;
    }
    report();
    throw trapError();
  } finally {
    isCalling = false;
  }
  // The glue may have taken the trap for an ordinary exception and gone on.
  if (traps !== before) throw trapError();
  return result;
}

/** Calls into a module that has crashed, for what can be saved. It may not work. */
export function salvage<T>(call: () => T): T | undefined {
  isSalvaging = true;
  try {
    return call();
  } catch {
    return undefined;
  } finally {
    isSalvaging = false;
  }
}

/** Tells of a trap, once: at the next entry if there was no stack left to do it. */
function report(): void {
  if (reported === traps) return;
  // The stack of the error would keep the memory of the module.
  lastTrap = toErrorData(lastTrap);
  for (const listener of listeners) listener(trapError);
  reported = traps;
}

function trapError(data?: TaskData): InternalError {
  return internalError(
    "The WebAssembly module has crashed",
    "The next call starts a fresh module. Please report it with the versions of capwire and your runtime.",
    lastTrap,
    data,
  );
}
