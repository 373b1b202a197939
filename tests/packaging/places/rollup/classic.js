import * as capwire from "capwire";
import { init } from "capwire";
import { scenario } from "./scenario.js";

// From the address of the page: a classic script has no `import.meta.url`.
init("capwire.wasm");

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
scenario(capwire, config).then((report) => {
  globalThis.report = report;
});
