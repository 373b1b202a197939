// `node run.js [--short] [--only ID,... [--place node|chromium]]`: measures, then writes docs/performance.md and its plots.
//
// With --only it measures these figures again, maybe in one place only, and takes the others from the last results.
// With --short it measures less, in Node only, writes nothing, and fails if a limit of figures.js is exceeded.

import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ChromiumPlace } from "./chromium.js";
import { installedClients } from "./clients.js";
import { compare, FIGURES } from "./figures.js";
import { NodePlace } from "./node.js";
import { start } from "./process.js";
import { describe, machine, writeReport } from "./report.js";
import { BASE } from "./stats.js";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    place: { type: "string" },
  },
});

/** Of the last run in full. */
const RESULTS = resolve(import.meta.dirname, "../target/bench.json");

const chromium = process.env.CAPWIRE_CHROMIUM;
const form = options.short ? "short" : "full";
const only = options.only?.split(",");
const all = installedClients();

function clientsOf(where, { isOwn }) {
  const clients = all.filter(({ nodeOnly }) => where !== "chromium" || !nodeOnly);
  if (!options.short || where === "bundle") return clients;
  // The other packages are compared in the report only.
  return clients.filter(
    ({ name, package: from }) => from === "capwire" || (name === BASE && !isOwn),
  );
}

const began = performance.now();
const results = { node: {}, chromium: {}, bundle: {} };
if (only && !options.short) Object.assign(results, JSON.parse(await readFile(RESULTS, "utf8")));
const service = await start("service.js");
const places = { node: new NodePlace(service), bundle: undefined };
if (!options.short && chromium) {
  places.chromium = await ChromiumPlace.start(service, clientsOf("chromium", {}), chromium);
}
try {
  for (const figure of FIGURES) {
    if (only && !only.includes(figure.id)) continue;
    for (const where of figure.where) {
      const size = figure[form]?.[where];
      if (!size || !(where in places) || where !== (options.place ?? where)) continue;
      const started = performance.now();
      const rows = await figure.run(places[where], clientsOf(where, figure), size);
      results[where][figure.id] = rows;
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      console.log(`\n${figure.title} (${where}, ${figure.unit}), ${seconds} s`);
      for (const row of rows) console.log(`  ${row.client.padEnd(24)} ${describe(row)}`);
    }
  }
} finally {
  for (const place of Object.values(places)) await place?.close();
  await service.stop();
}

const compared = compare({ ...results.node, ...results.bundle });
console.log("\nagainst the goals and limits");
for (const { bound, number, isOver, isReached } of compared) {
  const verdict = isOver ? "OVER THE LIMIT" : isReached === false ? "goal not reached" : "ok";
  const { figure, client, of, goal = "-", limit } = bound;
  const what = `${figure}, ${client}, ${of}`.padEnd(36);
  console.log(`  ${what} ${number.toFixed(2)}, goal ${goal}, limit ${limit}: ${verdict}`);
}
console.log(`\n${((performance.now() - began) / 1_000).toFixed(0)} s`);

if (options.short) {
  if (compared.some(({ isOver }) => isOver)) process.exitCode = 1;
} else {
  await writeFile(RESULTS, JSON.stringify(results));
  await writeReport(results, machine(all, places.chromium?.version), all);
}
