import { init } from "capwire";
import wasm from "capwire/capwire.wasm";

init(new URL(wasm, import.meta.url));
