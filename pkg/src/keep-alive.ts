// Keeps the background worker of an extension alive. The browser ends one that has called nothing of the browser's
// own for 30 s, and with it every call under way.

import { setTimer } from "./timers.js";

/** A third below the 30 s, because a timer may be late. */
const INTERVAL_MS = 20_000;

interface Runtime {
  getPlatformInfo?: () => unknown;
}

/** Returns a function that stops it. Outside extensions it does nothing. */
export function keepAlive(): () => void {
  const { chrome, browser } = globalThis as { chrome?: object; browser?: object };
  const namespace = (typeof chrome === "object" ? chrome : browser) as { runtime?: Runtime };
  try {
    const runtime = namespace?.runtime;
    if (typeof runtime?.getPlatformInfo !== "function") return () => {};
    // The cheapest of the calls that count as a sign of life, and it needs no permission.
    const call = () => {
      (async () => runtime.getPlatformInfo?.())().catch(() => {});
    };
    let stop = () => {};
    const tick = () => {
      call();
      try {
        stop = setTimer(tick, INTERVAL_MS);
      } catch {
        // Without timers no call can wait either.
      }
    };
    // At once as well: the worker's last sign of life may be long ago.
    tick();
    return () => stop();
  } catch {
    return () => {};
  }
}
