// When a figure is out of bounds, and whether the bounds name what is measured.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CLIENTS } from "../clients.js";
import { BOUNDS, compare, FIGURES } from "../figures.js";
import { summary } from "../stats.js";

const bounds = [{ figure: "cpu", client: "capwire", of: "ratio", goal: 1.2, limit: 2 }];
const found = (ratio) => ({ cpu: [{ client: "capwire", value: summary([9]), ratio }] });

describe("compare", () => {
  const cases = [
    [1.2, { isOver: false, isReached: true }],
    [2, { isOver: false, isReached: false }],
    [2.01, { isOver: true, isReached: false }],
    [Number.NaN, { isOver: true, isReached: false }],
  ];
  for (const [number, { isOver, isReached }] of cases) {
    it(`${number} is ${isOver ? "over" : "within"} the limit of 2`, () => {
      const [line] = compare(found(summary([number])), bounds);
      assert.equal(line.isOver, isOver);
      assert.equal(line.isReached, isReached);
    });
  }

  it("looks at the median, so that one slow round is no failure", () => {
    const [line] = compare(found(summary([1, 1.1, 50])), bounds);
    assert.equal(line.isOver, false);
  });

  it("leaves out what was not measured", () => {
    assert.deepEqual(compare({}, bounds), []);
  });

  it("compares bytes, which have no median", () => {
    const bytes = [{ figure: "download", client: "capwire", of: "gzip", limit: 10 }];
    const [line] = compare({ download: [{ client: "capwire", gzip: 11 }] }, bytes);
    assert.equal(line.isOver, true);
    assert.equal(line.isReached, undefined);
  });
});

describe("the bounds", () => {
  it("name figures, and clients or entries of capwire", () => {
    const ids = new Set(FIGURES.map(({ id }) => id));
    const names = new Set([...CLIENTS.map(({ name }) => name), "capwire/inline", "capwire/js"]);
    for (const { figure, client } of BOUNDS) {
      assert.ok(ids.has(figure), figure);
      assert.ok(names.has(client), client);
    }
  });

  it("have their goal within the limit", () => {
    for (const { figure, goal = 0, limit } of BOUNDS) assert.ok(goal < limit, figure);
  });
});
