// By its path: import maps do not reach into workers.
import * as capwire from "../node_modules/capwire/dist/browser.js";
import { scenario } from "../scenario/scenario.js";

addEventListener("message", async ({ data }) => postMessage(await scenario(capwire, data)));
