import * as capwire from "capwire";
import { init } from "capwire";
import wasm from "capwire/capwire.wasm";
import { scenario } from "./scenario.js";

init(new URL(wasm, import.meta.url));

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
scenario(capwire, config).then((report) => {
  globalThis.report = report;
});
