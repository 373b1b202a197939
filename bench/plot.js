// Bars as SVG. Their colours follow the light or dark theme of whoever looks at them.

import { digits } from "./stats.js";

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 60;
const TOP = 44;
const BAR = 18;
const STEP = 30;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .bar { fill: #8c959f; }
  .own { fill: #0969da; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  .base { stroke: #59636e; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .bar { fill: #656c76; }
    .own { fill: #4493f8; }
    .spread { stroke: #f0f6fc; }
    .base { stroke: #9198a1; }
  }`;

/** Bytes have no spread. */
const numbersOf = (it) => (typeof it === "number" ? { median: it, min: it, max: it } : it);

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (it) => escapes[it]);

/**
 * A bar per row, with a line from the least to the greatest.
 *
 * @param {string} title
 * @param {object[]} rows Of figures.js.
 * @param {"ratio" | "value" | "gzip"} part What is drawn. Rows without a ratio are 1.
 */
export function plot(title, rows, part) {
  const one = { median: 1, min: 1, max: 1 };
  const bars = rows.map((row) => ({ name: row.client, ...numbersOf(row[part] ?? one) }));
  // An outlier would make the bars too short to compare: its line is cut off.
  const end = Math.max(...bars.map(({ median }) => median), 0) * 1.25 || 1;
  const x = (number) => LEFT + (Math.min(Math.max(number, 0), end) / end) * (WIDTH - LEFT - RIGHT);
  const round = (number) => Math.round(number * 10) / 10;
  const height = TOP + bars.length * STEP + 6;

  const drawn = bars.map(({ name, median, min, max }, n) => {
    const top = TOP + n * STEP;
    const middle = top + BAR / 2;
    const kind = name.startsWith("capwire") ? "bar own" : "bar";
    const spread =
      min === max
        ? ""
        : `\n  <line class="spread" x1="${round(x(min))}" x2="${round(x(max))}" y1="${middle}" y2="${middle}"/>`;
    return `  <text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>
  <rect class="${kind}" x="${LEFT}" y="${top}" width="${round(Math.max(x(median) - LEFT, 1))}" height="${BAR}" rx="2"/>${spread}
  <text x="${WIDTH - RIGHT + 8}" y="${middle + 4}">${digits(median)}</text>`;
  });
  if (part === "ratio") {
    const at = round(x(1));
    drawn.push(`  <line class="base" x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${height - 6}"/>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="10" y="22">${escaped(title)}</text>
${drawn.join("\n")}
</svg>
`;
}
