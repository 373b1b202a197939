import { readFileSync } from "node:fs";
import { join } from "node:path";
import { init } from "capwire";

init(readFileSync(join(__dirname, "capwire.wasm")));
