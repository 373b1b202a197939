import * as capwire from "capwire";
import { showReport } from "../scenario/page.js";

await showReport(capwire);
