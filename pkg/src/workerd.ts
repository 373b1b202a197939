// Edge workers: the runtime compiles the module beforehand, because compiling at run time is forbidden there.

import wasm from "./capwire.wasm";
import { setLoader } from "./module.js";
import { webassembly } from "./webassembly.js";

setLoader(webassembly, () => wasm);

export * from "./index.js";
