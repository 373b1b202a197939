// Runs the packed package in every runtime, bundler, test runner and browser in which it must work, and prints a
// table: `node run.js --tarball FILE [--fast] [NAME...]`
//
// Each folder named in PROJECTS is a project as a user of the package has it: a manifest, a lock file, sources. It is
// copied to target/packaging, where its packages are installed from the lock file, and then the tarball. Its file
// `variants.js` lists the rows of the table. A row has these members:
//
// - `run(tools)` does it and returns `{ version, report }`; harness/variant.js has the tools.
// - `checks` names the entries of the report that must be "ok": those of scenario/scenario.js by default.
// - `platform` is set where the row's program exists for one platform only.
// - `fast` is set where the row takes seconds and needs none of the project's own packages.
//
// Rows that cannot run on this machine are skipped. On CI a skipped row is a failure.

import { parseArgs } from "node:util";
import { closeBrowsers, MissingBrowser } from "./harness/browsers.js";
import { install } from "./harness/project.js";
import { runVariant } from "./harness/variant.js";

const PROJECTS = ["runtimes", "bundlers", "test-runners", "browsers"];

const THIS_PLATFORM = `${process.platform}-${process.arch}`;

const isCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";

/** The chosen rows by their project. */
async function select(names, { fast }) {
  const lists = PROJECTS.map(async (project) => {
    const { default: variants } = await import(`./${project}/variants.js`);
    return [project, Object.entries(variants)];
  });
  const all = await Promise.all(lists);

  /** Whether a name means a row: it is that of its project, or a part of its own ("vite" in "Vite, build"). */
  const means = (name, project, row) =>
    name === project || row.toLowerCase().split(", ").includes(name.toLowerCase());
  const rowsOf = (project, variants, name) =>
    variants.filter(([row]) => means(name, project, row)).map(([row]) => row);

  const unknown = names.filter((name) => all.every((it) => rowsOf(...it, name).length === 0));
  if (unknown.length > 0) {
    console.error(
      `error: no project and no row is called ${unknown.join(" or ")}: name one of ${PROJECTS.join(", ")}, or a part of a row's name, such as vite or firefox`,
    );
    process.exit(2);
  }
  return all.map(([project, variants]) => [
    project,
    variants.filter(
      ([row, variant]) =>
        (names.length === 0 || names.some((name) => means(name, project, row))) &&
        (!fast || variant.fast),
    ),
  ]);
}

/** Awaits some work and measures it in seconds. */
async function timed(work) {
  const began = performance.now();
  const outcome = await work().then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  return { ...outcome, seconds: ((performance.now() - began) / 1000).toFixed(1) };
}

/** Installs a project and runs rows of it. */
async function* runRows(name, variants, settings) {
  const installed = await timed(() => install(name, settings));
  if (installed.error) {
    yield { row: name, result: "FAILED", install: installed.seconds, error: installed.error };
    return;
  }
  let install_ = installed.seconds;
  for (const [row, variant] of variants) {
    const { platform = THIS_PLATFORM } = variant;
    if (platform !== THIS_PLATFORM) {
      yield { row, result: `skipped: for ${platform}` };
      continue;
    }
    const { value, error, seconds } = await timed(() => runVariant(installed.value, variant));
    const isSkipped = error instanceof MissingBrowser;
    const result = isSkipped ? `skipped: ${error.message}` : error ? "FAILED" : "ok";
    yield { row, result, version: value, install: install_, run: seconds, error };
    install_ = "";
  }
}

function printTable(rows) {
  const columns = ["row", "result", "version", "install", "run"];
  const widths = columns.map((column) =>
    Math.max(...[column, ...rows.map((row) => row[column] ?? "")].map((text) => text.length)),
  );
  const line = (row) =>
    columns
      .map((column, n) => (row[column] ?? "").padEnd(widths[n]))
      .join("  ")
      .trimEnd();
  console.log(`\n${line(Object.fromEntries(columns.map((column) => [column, column])))}`);
  for (const row of rows) console.log(line(row));
  console.log("\nseconds; a project is installed once, before its first row");
}

const { values: options, positionals } = parseArgs({
  options: { tarball: { type: "string" }, fast: { type: "boolean" } },
  allowPositionals: true,
});

const rows = [];
for (const [project, variants] of await select(positionals, options)) {
  if (variants.length === 0) continue;
  for await (const row of runRows(project, variants, options)) {
    console.log(`${row.row}: ${row.result}`);
    if (row.result === "FAILED") console.error(row.error.stack);
    rows.push(row);
  }
}
await closeBrowsers();
printTable(rows);
const hasFailed = ({ result }) => result === "FAILED" || (isCi && result !== "ok");
process.exitCode = rows.some(hasFailed) ? 1 : 0;
