import * as capwire from "capwire/js";
import { showReport } from "../scenario/page.js";
import { switchedOff } from "./switched-off.js";

await showReport(capwire, { "switched off": switchedOff() });
