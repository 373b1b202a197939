// Each fault of the list, in a page in Chromium.

import { after, before } from "node:test";
import { tryFaults } from "../node/helpers/fault-suite.js";
import { rowsOf } from "../node/helpers/reliability-rows.js";
import { startBrowser } from "./helpers/chromium.js";

let browser;
/** One page for all calls, each with a client of its own. */
let page;
before(async () => {
  browser = await startBrowser();
  // It ends with the browser.
  page = await browser.open({ after() {} }, "plain.html");
});
after(() => browser.stop());

/** In the page. */
async function make(order) {
  const [capwire, { makeCall }] = await Promise.all([
    import("capwire"),
    import(new URL("make-call.js", location.href)),
  ]);
  return await makeCall(capwire, order);
}

tryFaults({
  name: "Chromium",
  open: async () => (order) => page.evaluate(make, order),
  rows: rowsOf("chromium-faults"),
  // As many at once as a small machine can serve.
  concurrency: 16,
});
