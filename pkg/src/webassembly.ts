// The WebAssembly build of the module.

import instantiate, { Core, errorTable, parseCallback } from "./glue.js";

export const webassembly = { instantiate, Core, errorTable, parseCallback };
