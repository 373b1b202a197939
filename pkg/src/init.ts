// In a file of its own: the public types must not lead to those of the glue, which start.ts returns.

import { startOnce } from "./start.js";
import type { WasmSource } from "./wasm-source.js";

/**
 * Starts the module from the source that you pass, instead of from the package's own location. You need it only
 * if your bundler or runtime does not ship `capwire.wasm`. Call it once, before the first call of a client,
 * which need not wait for it. Once the module was started, it does nothing.
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
  const started = startOnce(() => wasm).then(() => {});
  // A caller that does not await it learns of a failure from the first call.
  started.catch(() => {});
  return started;
}
