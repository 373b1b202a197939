import * as capwire from "capwire";
import { printReport } from "./scenario/process.js";

await printReport(capwire);
