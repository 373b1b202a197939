// Starts the WebAssembly build of the module.

import makeGlue, { mark } from "./glue.js";
import type { Glue } from "./module.js";
import { guarded } from "./trap.js";
import type { LoadSource, WasmSource } from "./wasm-source.js";

/** Kept for a start after a trap: a `Response` can be read only once, and a file may be gone. */
let compiled: WebAssembly.Module | undefined;

export function webassembly(load: LoadSource): Promise<Glue> {
  return makeGlue(async (imports) => {
    if (compiled) return guarded((await WebAssembly.instantiate(compiled, imports)).exports);
    const { instance, module } = await instantiate(await load(), imports);
    if (!WebAssembly.Module.customSections(module, mark).length) {
      throw new Error("the file is not the capwire.wasm of this very version of the package");
    }
    compiled = module;
    return guarded(instance.exports);
  });
}

async function instantiate(
  source: WasmSource,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  const isAddress = typeof source === "string" || source instanceof URL;
  let wasm: unknown = isAddress ? await fetch(source) : source;
  if (typeof Response === "function" && wasm instanceof Response) {
    if (!wasm.ok) throw new Error(`failed to fetch ${wasm.url}: HTTP status ${wasm.status}`);
    // Compiled while it is loaded, if the server names the type as browsers demand it.
    const isTyped = wasm.headers.get("content-type") === "application/wasm";
    if (isTyped && typeof WebAssembly.instantiateStreaming === "function") {
      return WebAssembly.instantiateStreaming(wasm, imports);
    }
    wasm = await wasm.arrayBuffer();
  }
  const made: unknown = await WebAssembly.instantiate(wasm as BufferSource, imports);
  return made instanceof WebAssembly.Instance
    ? { instance: made, module: wasm as WebAssembly.Module }
    : (made as WebAssembly.WebAssemblyInstantiatedSource);
}
