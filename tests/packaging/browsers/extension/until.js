import { setTimeout as sleep } from "node:timers/promises";

/** Waits until a check returns true. */
export async function until(check, what, withinMs = 30_000) {
  const end = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(100);
  }
}
