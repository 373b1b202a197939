// For places where WebAssembly is switched off: the same module, turned into JavaScript.

import instantiate, { Core, errorTable, parseCallback } from "./js-glue.js";
import { loadFrom } from "./module.js";

// It is part of the script, so that `init` finds nothing to do but to start it.
loadFrom({ instantiate, Core, errorTable, parseCallback }, () => "");

export * from "./index.js";
