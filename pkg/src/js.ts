// For places where WebAssembly is disabled: the same module, converted to JavaScript by wasm2js.

import instantiate, { abort, Core, complete, errorTable, parseCallback } from "./js-glue.js";
import { setLoader } from "./module.js";

// The module is part of the script: there is nothing to load.
setLoader({ instantiate, Core, abort, complete, errorTable, parseCallback }, () => "");

export * from "./index.js";
