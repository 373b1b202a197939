// The module that the shell calls, by its glue. In a file of its own: the public types, those of `start.ts` among
// them, must not lead to the glue's, which need newer and other libraries than a user may have.

import type * as generated from "./glue.js";
import type { Source } from "./start.js";

/** WebAssembly and JavaScript have different glue with the same exports. */
type Glue = Pick<typeof generated, "Core" | "errorTable" | "parseCallback"> & {
  instantiate: typeof generated.default;
};

let chosen: { by: Glue; from: Source };

/** The glue of the module that is started. */
export let glue: Glue;

/** Says by which glue the module is started, and where this kind of runtime gets it from: called by the entry. */
export function loadFrom(by: Glue, from: Source): void {
  chosen = { by, from };
}

export async function instantiate(source?: Source): Promise<void> {
  const { by, from } = chosen;
  const wasm = await (source ?? from)();
  await by.instantiate({ module_or_path: wasm as BufferSource });
  glue = by;
}
