// docs/performance.md

import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join, resolve } from "node:path";
import { versionOf } from "./clients.js";
import { compare, FIGURES, numberOf } from "./figures.js";
import { plot } from "./plot.js";
import { digits } from "./stats.js";

const PLACES = { node: "Node", chromium: "Chromium" };

const spread = ({ median, min, max }) =>
  min === max ? digits(median) : `${digits(median)} (${digits(min)}–${digits(max)})`;

/** A row in a line of text. */
export function describe({ value, ratio, raw, gzip, brotli }) {
  if (gzip !== undefined) return `${raw}, gzip ${gzip}, brotli ${brotli}`;
  return ratio ? `${spread(value)}, × ${spread(ratio)}` : spread(value);
}

const line = (cells) => `| ${cells.join(" | ")} |\n`;

/** The cells of all columns but the first are numbers, unless `isText`. */
function table(head, rows, { isText = false } = {}) {
  const rule = head.map((_, column) => (column === 0 || isText ? "---" : "---:"));
  return `${line(head)}|${rule.join("|")}|\n${rows.map(line).join("")}`;
}

function figureTable(rows, { unit, main }) {
  if (main === "gzip") {
    const cells = rows.map((it) => [it.client, ...[it.raw, it.gzip, it.brotli].map(digits)]);
    return table(["client", "minified", "gzip -9", "brotli 11"], cells);
  }
  if (main === "value") {
    const cells = rows.map(({ client, value }) => [client, spread(value)]);
    return table(["client", unit], cells);
  }
  const cells = rows.map(({ client, value, ratio }) => [
    client,
    spread(value),
    ratio ? `**${digits(ratio.median)}** (${digits(ratio.min)}–${digits(ratio.max)})` : "1",
  ]);
  return table(["client", unit, "× bare fetch"], cells);
}

/** Where another client needs less than capwire by more than noise: a sentence each. */
export function losses(results) {
  const found = [];
  for (const { id, title, unit, main, where } of FIGURES) {
    for (const place of where) {
      const rows = results[place]?.[id] ?? [];
      const own = rows.find(({ client }) => client === "capwire");
      // Bare fetch has no ratio.
      const number = (row) => numberOf(row, main) ?? 1;
      const isLess = (row) => !row.client.startsWith("capwire") && number(row) < 0.95 * number(own);
      const better = own ? rows.filter(isLess) : [];
      if (better.length === 0) continue;
      const shown = (row) => (main === "ratio" ? `× ${digits(number(row))}` : digits(number(row)));
      const others = better.map((row) => `${row.client} ${shown(row)}`).join(", ");
      const what =
        main === "ratio" ? title : `${title} (${main === "gzip" ? "bytes, gzip -9" : unit})`;
      const name = PLACES[place] ? `${what}, ${PLACES[place]}` : what;
      found.push(`${name}: capwire ${shown(own)}; ${others}.`);
    }
  }
  return found;
}

function goals(compared) {
  const rows = compared
    .filter(({ bound }) => bound.goal !== undefined)
    .map(({ bound, number, isReached }) => {
      const { title, unit } = FIGURES.find(({ id }) => id === bound.figure);
      const of = { ratio: "× bare fetch", value: unit, gzip: "bytes, gzip -9" }[bound.of];
      return [
        title,
        bound.client,
        `${digits(number)} ${of}`,
        digits(bound.goal),
        isReached ? "yes" : "**no**",
      ];
    });
  return table(["figure", "client", "found", "goal", "reached"], rows);
}

/** The machine, and the versions of what was measured. */
export function machine(clients, chromiumVersion) {
  const [{ model }] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const packages = [...new Set(clients.map((it) => it.package).filter(Boolean))];
  const versions = packages.map((name) => `${name} ${versionOf(name)}`);
  const browser = chromiumVersion ? `, Chromium ${chromiumVersion}` : "";
  return `${date}, ${model.trim()}, ${os.cpus().length} processors, ${memory} GiB, ${os.type()} ${os.machine()}.
Node ${process.versions.node}${browser}. ${versions.join(", ")}.`;
}

/** Writes the page and its plots into the folder `docs`. */
export async function writeReport(results, machine, clients) {
  const docs = resolve(import.meta.dirname, "../docs");
  const plots = join(docs, "performance");
  const compared = compare({ ...results.node, ...results.bundle });
  await mkdir(plots, { recursive: true });
  for (const old of await readdir(plots)) await rm(join(plots, old));

  let page = `# Performance

\`npm run bench\` writes this page. It compares capwire with a bare loop over \`fetch\` and with other public clients, side
by side: each table is from one run. Times on a shared machine vary, so look at the ratios. Each is the median over
rounds in which all clients took turns, with the least and the greatest in brackets.

${machine}

## Goals

${goals(compared)}
## Where capwire loses

${losses(results)
  .map((sentence) => `- ${sentence}\n`)
  .join("")}
The other clients send an image as it is given, whatever it contains. capwire checks every field, limits how often the
service is asked, repeats only what is safe to repeat, and ends in a typed error after any fault. The additional time
and bytes pay for that. In Node the others use node:http, which needs less than \`fetch\`.

## How each client is called

Every client runs in a process or page of its own. The service is another process on the same machine and answers at
once. All wait 350 ms before the first request for a result and 2 s between two, except where the table says otherwise.
Where a client takes only base64, encoding the image is included.

${table(
  ["client", "call"],
  clients.map(({ name, how }) => [name, how]),
  { isText: true },
)}`;

  for (const { id, title, unit, text, main, where } of FIGURES) {
    const places = where.filter((place) => results[place]?.[id]);
    if (places.length === 0) continue;
    page += `\n## ${title}\n\n${text}\n`;
    for (const place of places) {
      const rows = results[place][id];
      page += `\n${PLACES[place] ? `${PLACES[place]}:\n\n` : ""}${figureTable(rows, { unit, main })}`;
      if (rows.length === 1) continue;
      const file = `${id}-${place}.svg`;
      const of = { ratio: "× bare fetch", value: unit, gzip: "bytes, gzip -9" }[main];
      const name = `${[title, PLACES[place]].filter(Boolean).join(", ")} (${of})`;
      await writeFile(join(plots, file), plot(name, rows, main));
      page += `\n![${name}](performance/${file})\n`;
    }
  }
  await writeFile(join(docs, "performance.md"), page);
}
