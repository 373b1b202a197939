// Import maps do not reach into workers.

import * as capwire from "../capwire/dist/browser.js";
import { attempt } from "./attempt.js";

addEventListener("message", async ({ data }) => postMessage(await attempt(capwire, data)));
