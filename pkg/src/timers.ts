// The timers and the clock of the platform, taken once, when the package is loaded. Fake timers that a test installs
// later must neither stop a call nor make it send requests sooner than the service allows.

const { setTimeout, clearTimeout, performance, Date: WallClock } = globalThis;

const clock = typeof performance?.now === "function" ? performance : WallClock;
const read = clock.now.bind(clock);

/** No clock is so coarse that it stands still for so long. */
const COARSEST_MS = 1_000;

let last = 0;
/** By how much the clock was set back, or stood still. */
let missing = 0;

/** A clock in ms that never goes back. */
export function now(): number {
  let time = last;
  try {
    time = read();
  } catch {
    // It stands still.
  }
  if (time < last) missing += last - time;
  if (Number.isFinite(time)) last = time;
  return last + missing;
}

/** The time from now to a date, in ms; NaN if it is not one. */
export function timeUntil(date: string): number {
  return WallClock.parse(date) - WallClock.now();
}

/**
 * Calls back after a time, in ms. Returns what stops that.
 *
 * It throws where there are no timers, or none that wait.
 */
export function setTimer(callback: () => void, ms: number): () => void {
  const begun = now();
  let isSet = false;
  let isEarly = false;
  const timer = setTimeout(() => {
    isEarly = !isSet;
    if (isEarly) return;
    if (ms >= COARSEST_MS && now() === begun) missing += ms;
    callback();
  }, ms);
  isSet = true;
  if (isEarly) throw new Error("setTimeout calls back before it returns");
  return () => {
    try {
      clearTimeout(timer);
    } catch {
      // It fires, and nobody is waiting.
    }
  };
}
