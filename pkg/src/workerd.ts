// Edge workers: a module that the runtime has compiled, for compiling at run time is forbidden there.

import wasm from "./capwire.wasm";
import { loadFrom } from "./start.js";

loadFrom(() => wasm);

export * from "./index.js";
