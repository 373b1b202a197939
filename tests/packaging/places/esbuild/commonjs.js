import "./init-bytes.js";
import * as capwire from "capwire";
import { scenario } from "./scenario.js";

const config = JSON.parse(process.argv[2]);
scenario(capwire, config).then((report) => console.log(JSON.stringify(report)));
