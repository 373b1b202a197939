import * as capwire from "capwire";
import { scenario } from "./scenario.js";

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
globalThis.report = await scenario(capwire, config);
