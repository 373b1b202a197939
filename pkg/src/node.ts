// Node, Deno and Bun: read from the file system, because Node's fetch does not support file: URLs.

import { readFile } from "node:fs/promises";
import { setLoader } from "./module.js";
import { webassembly } from "./webassembly.js";

setLoader(webassembly, () => readFile(new URL("./capwire.wasm", import.meta.url)));

export * from "./index.js";
