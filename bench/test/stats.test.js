// The arithmetic of the figures.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { interleaved, ratios, summary } from "../stats.js";

describe("summary", () => {
  it("takes the middle of an odd number of numbers", () => {
    assert.deepEqual(summary([10, 9, 100]), { median: 10, min: 9, max: 100 });
  });

  it("takes the mean of the two in the middle of an even number", () => {
    assert.deepEqual(summary([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  });

  it("sorts as numbers, and leaves what it is given as it was", () => {
    const numbers = [2, 10, 1];
    assert.equal(summary(numbers).median, 2);
    assert.deepEqual(numbers, [2, 10, 1]);
  });

  it("refuses nothing", () => {
    assert.throws(() => summary([]), RangeError);
  });
});

describe("ratios", () => {
  it("compares each round with the same round, not the medians", () => {
    // The second round met noise, which slowed both down.
    assert.deepEqual(ratios([2, 20, 3], [1, 10, 2]), { median: 2, min: 1.5, max: 2 });
  });

  it("refuses rounds that do not match", () => {
    assert.throws(() => ratios([1, 2], [1]), RangeError);
  });
});

describe("interleaved", () => {
  it("measures all in turn, every second round backwards", async () => {
    const order = [];
    const found = await interleaved(3, ["a", "b"], async (subject, round) => {
      order.push(`${subject}${round}`);
      return round;
    });
    assert.deepEqual(order, ["a0", "b0", "b1", "a1", "a2", "b2"]);
    assert.deepEqual(
      [...found],
      [
        ["a", [0, 1, 2]],
        ["b", [0, 1, 2]],
      ],
    );
  });
});
