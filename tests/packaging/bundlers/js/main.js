import * as capwire from "capwire/js";
import { showReport } from "../scenario/page.js";

showReport(capwire);
