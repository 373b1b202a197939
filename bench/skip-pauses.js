// The pause before the first request for a result is the same for all, and no work. To measure the rest, the clock
// jumps over it.

import { SETTINGS } from "./settings.js";

/** Replaces the timer and the clock. Returns the original clock. */
export function skipPauses() {
  const { setTimeout: setTimer } = globalThis;
  const now = performance.now.bind(performance);
  const isPause = (ms) => ms > SETTINGS.firstMs / 2 && ms <= SETTINGS.firstMs;
  let skipped = 0;
  performance.now = () => now() + skipped;
  globalThis.setTimeout = (work, ms, ...rest) => {
    if (!isPause(ms)) return setTimer(work, ms, ...rest);
    skipped += ms;
    return setTimer(work, 0, ...rest);
  };
  return now;
}
