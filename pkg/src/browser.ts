// Browsers, with or without a bundler: `capwire.wasm` is next to this file. Bundlers recognise this form of
// URL as an asset.

import { setLoader } from "./module.js";
import { webassembly } from "./webassembly.js";

setLoader(webassembly, () => new URL("./capwire.wasm", import.meta.url));

export * from "./index.js";
