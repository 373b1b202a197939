import "./init/bytes.js";
import * as capwire from "capwire";
import { printReport } from "./scenario/process.js";

printReport(capwire);
