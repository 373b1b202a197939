// A client in a process of its own: `host.js solve.js CLIENT URL`

import { setTimeout as sleep } from "node:timers/promises";
import { SETTINGS } from "./settings.js";
import { workOf } from "./work.js";

const [client, url] = process.argv.slice(3);
const { make } = await import(`./clients/${client}.js`);
const encode = (bytes) => Buffer.from(bytes).toString("base64");
const work = workOf(make, { ...SETTINGS, url, encode });

export const commands = {
  ...work,
  /** Solves as many at once, and returns the processor time of one in µs. */
  async cpu(count, bytes) {
    const before = process.cpuUsage();
    await work.solveAtOnce(count, bytes);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  },
  /** The bytes in use, inside of the heap and outside. */
  async memory() {
    // One collection is not enough: what it frees may hold other things.
    for (let n = 0; n < 4; n += 1) {
      globalThis.gc();
      await sleep(5);
    }
    const { heapUsed, external } = process.memoryUsage();
    return { heap: heapUsed, external };
  },
};
