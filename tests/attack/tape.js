// The choices of one scenario. They come from a seed, and are kept, so that the same scenario can be played again
// with some of them removed. The first choice of every list is the plainest: that is what a missing choice means.

/** A small generator of good enough numbers (mulberry32): the same ones for the same seed, everywhere. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export class Tape {
  /** What was drawn, as fractions of 1. */
  drawn = [];
  #next;

  /** @param {{ seed: number } | { drawn: number[] }} source */
  constructor({ seed, drawn }) {
    const random = seed === undefined ? undefined : randomOf(seed);
    this.#next = random ?? (() => drawn[this.drawn.length] ?? 0);
  }

  /** A number from 0 up to 1. */
  fraction() {
    const value = this.#next();
    this.drawn.push(value);
    return value;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count) {
    return Math.floor(this.fraction() * count);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** True in so many of 100 cases. */
  chance(percent) {
    return this.fraction() * 100 >= 100 - percent;
  }

  /** One of many, each with its weight: `[[8, "a"], [1, "b"]]`. */
  weighted(rows) {
    let total = 0;
    for (const [weight] of rows) total += weight;
    let left = this.fraction() * total;
    for (const [weight, value] of rows) {
      left -= weight;
      if (left < 0) return value;
    }
    return rows[0][1];
  }
}

/** Shortens a list of choices as long as `fails` holds for it. */
export async function shrink(drawn, fails, { attempts = 600 } = {}) {
  let best = drawn;
  let left = attempts;
  const improve = async (candidate) => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let width = Math.ceil(best.length / 2); width >= 1; width = width === 1 ? 0 : width >> 1) {
    for (let at = 0; at < best.length && left > 0; ) {
      const without = [...best.slice(0, at), ...best.slice(at + width)];
      if (await improve(without)) continue;
      const zeros = best.map((it, n) => (n >= at && n < at + width ? 0 : it));
      if (zeros.some((it, n) => it !== best[n])) await improve(zeros);
      at += width;
    }
  }
  return best;
}
