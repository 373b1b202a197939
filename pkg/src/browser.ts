// Browsers, with and without a bundler: beside this file. Bundlers know this form of a URL as an asset.

import { loadFrom } from "./module.js";
import { webassembly } from "./webassembly.js";

loadFrom(webassembly, () => new URL("./capwire.wasm", import.meta.url));

export * from "./index.js";
