// Ends the process if its event loop stands still: nothing within the process itself could notice.

import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const LIMIT_MS = 15_000;

/** Watches this process. Call what it returns with each seed. */
export function startWatchdog() {
  const seeds = new Float64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL(import.meta.url), { workerData: seeds });
  worker.unref();
  return (seed) => {
    seeds[0] = seed;
  };
}

if (!isMainThread) {
  const seeds = workerData;
  let last = seeds[0];
  let since = Date.now();
  setInterval(() => {
    if (seeds[0] !== last) {
      last = seeds[0];
      since = Date.now();
    } else if (Date.now() - since > LIMIT_MS) {
      writeSync(1, `FAILED with seed ${last}\n  the event loop stands still\n`);
      writeSync(1, `To play it again: node tests/attack/main.js --seed ${last}\n`);
      process.kill(process.pid, "SIGKILL");
    }
  }, 500);
}
