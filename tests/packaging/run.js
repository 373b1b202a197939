// Tries the packed package in every runtime, bundler, test runner and browser in which it must work, and prints a
// table: `node run.js --tarball FILE [--fast] [NAME...]`
//
// `runtimes`, `bundlers`, `test-runners` and `browsers` are projects as users of the package have them: a manifest, a
// lock file, sources. Each is copied to target/packaging, where its packages are installed from the lock file, and then
// the tarball. Its file `variants.js` lists its rows of the table by their names. A row has these members:
//
// - `run(tools)` does the work and returns `{ version, report }`. The tools are made in harness/variant.js.
// - `checks` names the entries of the report that must be "ok": by default those of scenario/scenario.js.
// - `platform` is set where the program exists for one platform only.
// - `fast` is set where the row takes seconds, and needs no other package of its project.
//
// A row for which this machine lacks something is skipped. On CI that is a failure.

import { parseArgs } from "node:util";
import { closeBrowsers } from "./harness/browsers.js";
import { install } from "./harness/project.js";
import { select, UnknownName } from "./harness/select.js";
import { Skipped } from "./harness/skipped.js";
import { runVariant } from "./harness/variant.js";

const isCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";

/** Awaits some work, and measures it in seconds. */
async function timed(work) {
  const began = performance.now();
  const outcome = await work().then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  return { ...outcome, seconds: ((performance.now() - began) / 1000).toFixed(1) };
}

/** Installs a project and runs some of its rows. */
async function* results(project, entries, options) {
  const installed = await timed(() => install(project, options));
  if (installed.error) {
    yield { row: project, result: "FAILED", install: installed.seconds, error: installed.error };
    return;
  }
  for (const [n, { row, variant }] of entries.entries()) {
    const { value, error, seconds } = await timed(() => runVariant(installed.value, variant));
    const result = error instanceof Skipped ? `skipped: ${error.message}` : error && "FAILED";
    const install = n === 0 ? installed.seconds : "";
    yield { row, result: result ?? "ok", version: value, install, run: seconds, error };
  }
}

function printTable(rows) {
  const columns = ["row", "result", "version", "install", "run"];
  const widths = columns.map((column) =>
    Math.max(...[column, ...rows.map((row) => row[column] ?? "")].map((text) => text.length)),
  );
  const line = (row) => {
    const cells = columns.map((column, n) => (row[column] ?? "").padEnd(widths[n]));
    return cells.join("  ").trimEnd();
  };
  console.log(`\n${line(Object.fromEntries(columns.map((column) => [column, column])))}`);
  for (const row of rows) console.log(line(row));
  console.log("\ninstall and run in seconds; a project is installed once, before its first row");
}

const { values: options, positionals: names } = parseArgs({
  options: { tarball: { type: "string" }, fast: { type: "boolean", default: false } },
  allowPositionals: true,
});

const selected = await select(names, options.fast).catch((error) => {
  if (!(error instanceof UnknownName)) throw error;
  console.error(`error: ${error.message}`);
  process.exit(2);
});
const rows = [];
for (const { project, entries } of selected) {
  for await (const row of results(project, entries, options)) {
    console.log(`${row.row}: ${row.result}`);
    if (row.result === "FAILED") console.error(row.error.stack);
    rows.push(row);
  }
}
await closeBrowsers();
printTable(rows);
const hasFailed = ({ result }) => result === "FAILED" || (isCi && result !== "ok");
process.exitCode = rows.some(hasFailed) ? 1 : 0;
