import * as capwire from "capwire";
import { scenario } from "./scenario.js";

const config = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await scenario(capwire, config)));
