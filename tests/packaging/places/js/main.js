import * as capwire from "capwire/js";
import { scenario } from "./scenario.js";
import { switchedOff } from "./switched-off.js";

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
globalThis.report = { ...(await scenario(capwire, config)), "switched off": switchedOff() };
