// For pages: takes the configuration from the address, and leaves the report where harness/browsers.js looks for it.

import { scenario } from "./scenario.js";

export const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));

/** Runs the scenario. The report is what it returned, and further entries of the page's own. */
export async function showReport(capwire, more = {}) {
  globalThis.report = { ...(await scenario(capwire, config)), ...more };
}
