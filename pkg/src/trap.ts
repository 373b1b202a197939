// A trap is an exception thrown out of the WebAssembly module. Pending work in it never ends, because its
// memory may be in any state. So the module is not entered again, and every call, pending or new, fails
// instead of hanging.

import { InternalError } from "./errors.js";

let trap: { name: string; message: string } | undefined;
let isCalling = false;
/** The number of nested entries into the module. */
let depth = 0;
let reject: (error: (taskId?: number) => InternalError) => void = () => {};

/** Sets what rejects the pending calls when the module traps. Each error may name the task of a call. */
export function onTrap(listener: typeof reject): void {
  reject = listener;
}

/** The exports of the module, which cannot be entered after a trap. */
export function guarded(exports: WebAssembly.Exports): WebAssembly.Exports {
  const guard = ([name, value]: [string, WebAssembly.ExportValue]) => {
    if (typeof value !== "function") return [name, value];
    const entry = (...args: unknown[]) => {
      if (!trap) {
        depth += 1;
        try {
          return value(...args);
        } catch (error) {
          trap ??= toErrorData(error);
          reject(trapError);
        } finally {
          depth -= 1;
        }
      }
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
  if (trap) throw trapError();
  isCalling = true;
  let result: T;
  try {
    result = call();
  } catch (error) {
    throw trap ? trapError() : error;
  } finally {
    isCalling = false;
  }
  // The glue may have taken the trap for an ordinary exception and gone on.
  if (trap) throw trapError();
  return result;
}

/** A thrown value as data. It does not use `instanceof`: an `Error` of another realm counts too. */
export function toErrorData(thrown: unknown): { name: string; message: string } {
  const { name, message } = Object(thrown);
  const isError = typeof name === "string" && typeof message === "string";
  return isError ? { name, message } : { name: "Error", message: String(thrown) };
}

function trapError(taskId?: number): InternalError {
  return new InternalError({
    name: "InternalError",
    code: "INTERNAL",
    message: `The WebAssembly module has crashed: ${trap?.message}`,
    hint: "Restart the process or the worker, and please report it with the versions of capwire and your runtime.",
    origin: "client",
    retryable: false,
    ...(taskId !== undefined && { taskId }),
    ...(trap && { cause: trap }),
  });
}
