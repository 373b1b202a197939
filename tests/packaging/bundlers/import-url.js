import "./init/import.js";
import * as capwire from "capwire";
import { showReport } from "./scenario/page.js";

showReport(capwire);
