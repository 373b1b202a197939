// The module behind the client, called through its glue. In a file of its own: the public types must not
// lead to the types of the glue, which need newer and other libraries than a user may have.

import type * as generated from "./glue.js";
import { onTrap } from "./trap.js";
import type { LoadSource } from "./wasm-source.js";

/** WebAssembly and JavaScript have different glue with the same exports. */
export type Glue = Pick<
  typeof generated,
  "Core" | "abort" | "complete" | "errorTable" | "parseCallback"
>;

let makeGlue: (load: LoadSource) => Promise<Glue>;
let ownSource: LoadSource;

/** The glue of the module that runs. There is none before the start, nor after a trap. */
export let glue: Glue | undefined;

/** Sets what makes an instance, and where this kind of runtime loads the module from. Each entry calls it. */
export function setLoader(make: typeof makeGlue, source: LoadSource): void {
  makeGlue = make;
  ownSource = source;
}

export async function instantiate(source = ownSource): Promise<Glue> {
  glue = await makeGlue(source);
  return glue;
}

onTrap(() => {
  glue = undefined;
});
