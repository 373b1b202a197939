// Node, Deno and Bun: from the file system. Read, not fetched: Node's fetch knows no file: URLs.

import { readFile } from "node:fs/promises";
import { loadFrom } from "./module.js";
import { webassembly } from "./webassembly.js";

loadFrom(webassembly, () => readFile(new URL("./capwire.wasm", import.meta.url)));

export * from "./index.js";
