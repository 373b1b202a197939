// Edge workers: a module that the runtime has compiled, for compiling at run time is forbidden there.

import wasm from "./capwire.wasm";
import { loadFrom } from "./module.js";
import { webassembly } from "./webassembly.js";

loadFrom(webassembly, () => wasm);

export * from "./index.js";
