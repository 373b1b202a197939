import * as capwire from "capwire/inline";
import { printReport } from "./scenario/process.js";

await printReport(capwire);
