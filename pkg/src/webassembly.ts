// The WebAssembly build of the module.

import instantiate, { abort, Core, complete, errorTable, parseCallback } from "./glue.js";

export const webassembly = { instantiate, Core, abort, complete, errorTable, parseCallback };
