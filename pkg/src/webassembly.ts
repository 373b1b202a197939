// The module as what it is, for the entries where WebAssembly can be had.

import instantiate, { Core, errorTable, parseCallback } from "./glue.js";

export const webassembly = { instantiate, Core, errorTable, parseCallback };
