// For places where WebAssembly is disabled: the same module, converted to JavaScript by wasm2js.

import start from "./js-glue.js";
import { setLoader } from "./module.js";
import { guarded } from "./trap.js";

// The module is part of the script: there is nothing to load.
setLoader(
  () => start(guarded),
  () => "",
);

export * from "./index.js";
