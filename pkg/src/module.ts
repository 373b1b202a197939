// The module behind the client, called through its glue. In a file of its own: the public types must not
// lead to the types of the glue, which need newer and other libraries than a user may have.

import type * as generated from "./glue.js";
import type { LoadSource } from "./wasm-source.js";

/** WebAssembly and JavaScript have different glue with the same exports. */
type Bindings = Pick<
  typeof generated,
  "Core" | "abort" | "complete" | "errorTable" | "parseCallback"
> & {
  instantiate: typeof generated.default;
};

let loader: { bindings: Bindings; load: LoadSource };

/** The glue of the started module. */
export let glue: Bindings;

/** Sets the glue to start, and where this kind of runtime loads the module from. Each entry calls it. */
export function setLoader(bindings: Bindings, load: LoadSource): void {
  loader = { bindings, load };
}

export async function instantiate(load?: LoadSource): Promise<void> {
  const { bindings } = loader;
  const wasm = await (load ?? loader.load)();
  await bindings.instantiate({ module_or_path: wasm as BufferSource });
  glue = bindings;
}
