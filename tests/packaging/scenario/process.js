// For processes: takes the configuration from the command line, and prints the report.

import { scenario } from "./scenario.js";

export const config = JSON.parse(process.argv[2]);

/** Runs the scenario. The report is what it returned, and further entries of the caller's own. */
export async function printReport(capwire, more = {}) {
  console.log(JSON.stringify({ ...(await scenario(capwire, config)), ...more }));
}
