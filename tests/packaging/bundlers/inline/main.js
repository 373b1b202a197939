import * as capwire from "capwire/inline";
import { showReport } from "../scenario/page.js";

showReport(capwire);
