import * as capwire from "capwire/inline";
import { scenario } from "../scenario.js";

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
scenario(capwire, config).then((report) => {
  globalThis.report = report;
});
