// Starting the WebAssembly module: lazily, once, and again after a failure.

import { InternalError } from "./errors.js";
import init, { type InitInput } from "./glue.js";

type Source = () => InitInput | Promise<InitInput>;

let source: Source;
let started: Promise<unknown> | undefined;

/** Says where this kind of runtime gets the module from. Called once, by the entry. */
export function loadFrom(from: Source): void {
  source = from;
}

/** Starts the module, if it is not started yet. Two starts at once would make two modules. */
export async function start(): Promise<void> {
  started ??= init({ module_or_path: source() });
  try {
    await started;
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
