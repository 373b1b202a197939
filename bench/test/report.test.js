// The page and the plots.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plot } from "../plot.js";
import { describe as describeRow, losses } from "../report.js";
import { digits, summary } from "../stats.js";

const row = (client, value, ratio) => ({
  client,
  value: summary([value]),
  ...(ratio && { ratio: summary([ratio]) }),
});

describe("digits", () => {
  const cases = [
    [1234.5, "1,235"],
    [12.34, "12.3"],
    [1.234, "1.23"],
    [0, "0"],
    [-12.34, "-12.3"],
  ];
  for (const [number, text] of cases) it(text, () => assert.equal(digits(number), text));
});

describe("a row", () => {
  it("has a spread if there was one", () => {
    const spread = { client: "a", value: summary([1, 2, 4]), ratio: summary([0.5, 1, 3]) };
    assert.equal(describeRow(spread), "2 (1–4), × 1 (0.5–3)");
    assert.equal(describeRow(row("a", 7)), "7");
  });
});

describe("the losses", () => {
  it("name those who need less than capwire, by more than noise", () => {
    const results = {
      node: {
        "cpu-small": [
          row("bare fetch", 1),
          row("capwire", 2, 2),
          row("x", 3, 3),
          row("y", 1, 0.5),
          row("z", 2, 1.95),
        ],
      },
    };
    const [loss, ...others] = losses(results);
    assert.match(loss, /Node: capwire × 2; bare fetch × 1, y × 0\.5\.$/);
    assert.deepEqual(others, []);
  });
});

describe("a plot", () => {
  const rows = [row("bare <fetch>", 4), row("capwire", 8, 2), row("x", 2, 0.5)];
  const svg = plot("CPU & time", rows, "ratio");

  it("has a bar per row, in the right proportion", () => {
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    assert.equal(widths.length, 3);
    assert.ok(Math.abs(widths[1] / widths[0] - 2) < 0.01);
    assert.ok(Math.abs(widths[2] / widths[0] - 0.5) < 0.01);
  });

  it("escapes names, and has colours for both themes", () => {
    assert.match(svg, /bare &lt;fetch&gt;/);
    assert.match(svg, /aria-label="CPU &amp; time"/);
    assert.match(svg, /prefers-color-scheme: dark/);
  });

  it("draws no bar to the left for a number below zero", () => {
    assert.doesNotMatch(plot("t", [row("a", -3), row("b", 1)], "value"), /"-|NaN/);
  });
});
