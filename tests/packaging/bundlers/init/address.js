import { init } from "capwire";

init("capwire.wasm"); // from the address of the page
